"""The diffusion family: Stable Diffusion of every generation, denoised by our own loop over diffusers' parts."""
