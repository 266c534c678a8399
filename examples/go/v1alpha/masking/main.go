// Replace a part of a picture: POST /v1alpha/generation/{engine_id}/image-to-image/masking.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
)

const engineID = "stable-inpainting-512-v2-0"

func main() {
	apiKey := os.Getenv("STABILITY_API_KEY")
	if apiKey == "" {
		log.Fatal("Set STABILITY_API_KEY to your API key and run this again.")
	}
	out := env("OUT_DIR", "out")
	// Relative to the folder of go.mod; set ASSETS_DIR to run it from elsewhere.
	assets := env("ASSETS_DIR", filepath.Join("..", "assets"))

	initImage, err := os.ReadFile(filepath.Join(assets, "init_image.png"))
	if err != nil {
		log.Fatal(err)
	}
	maskImage, err := os.ReadFile(filepath.Join(assets, "mask_image_black.png"))
	if err != nil {
		log.Fatal(err)
	}

	// MASK_IMAGE_BLACK: what is black in the mask is drawn anew, what is white stays.
	options, err := json.Marshal(map[string]any{
		"text_prompts": []map[string]any{
			{"text": "a paper kite in a clear evening sky", "weight": 1},
		},
		"mask_source": "MASK_IMAGE_BLACK",
		"steps":       30,
		"cfg_scale":   7,
	})
	if err != nil {
		log.Fatal(err)
	}

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	addField(form, "init_image", initImage)
	addField(form, "mask_image", maskImage)
	addField(form, "options", options)
	if err := form.Close(); err != nil {
		log.Fatal(err)
	}

	url := env("API_HOST", "http://127.0.0.1:8080") + "/v1alpha/generation/" + engineID + "/image-to-image/masking"
	request, err := http.NewRequest(http.MethodPost, url, &body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", apiKey)
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Accept", "application/json")

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s", response.Status, answer)
	}

	// encoding/json decodes base64 text into a []byte by itself.
	var result struct {
		Artifacts []struct {
			Base64 []byte
			Seed   uint32
		}
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		log.Fatal(err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		log.Fatal(err)
	}
	for _, artifact := range result.Artifacts {
		picture := filepath.Join(out, fmt.Sprintf("go_v1alpha_masking_%d.png", artifact.Seed))
		if err := os.WriteFile(picture, artifact.Base64, 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Println(picture)
	}
}

// addField appends one form field; pictures too go without a filename, the server knows them by their field.
func addField(form *multipart.Writer, name string, value []byte) {
	field, err := form.CreateFormField(name)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := field.Write(value); err != nil {
		log.Fatal(err)
	}
}

// env returns an environment variable, or a fallback where it is not set.
func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
