"""The upscale family: Real-ESRGAN and the latent upscaler, in seamless tiles."""
