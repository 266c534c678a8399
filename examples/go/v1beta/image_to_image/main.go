// Draw over a picture by a step schedule: POST /v1beta/generation/{engine_id}/image-to-image.
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

const engineID = "stable-diffusion-512-v2-1"

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

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	addField(form, "init_image", initImage)
	// step_schedule_start: 0 keeps the picture, 1 ignores it. step_schedule_end is the share left out at the end.
	addField(form, "init_image_mode", []byte("STEP_SCHEDULE"))
	addField(form, "step_schedule_start", []byte("0.6"))
	addField(form, "step_schedule_end", []byte("0.01"))
	addField(form, "text_prompts[0][text]", []byte("the same lake in deep winter, oil painting"))
	addField(form, "text_prompts[0][weight]", []byte("1"))
	addField(form, "steps", []byte("30"))
	addField(form, "cfg_scale", []byte("7"))
	if err := form.Close(); err != nil {
		log.Fatal(err)
	}

	url := env("API_HOST", "http://127.0.0.1:8080") + "/v1beta/generation/" + engineID + "/image-to-image"
	request, err := http.NewRequest(http.MethodPost, url, &body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
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
		picture := filepath.Join(out, fmt.Sprintf("go_v1beta_image_to_image_%d.png", artifact.Seed))
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
