// Draw a picture from words and get it as plain PNG bytes: POST /v1/generation/{engine_id}/text-to-image.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
)

const engineID = "stable-diffusion-v1-6"

func main() {
	apiKey := os.Getenv("STABILITY_API_KEY")
	if apiKey == "" {
		log.Fatal("Set STABILITY_API_KEY to your API key and run this again.")
	}
	out := env("OUT_DIR", "out")

	body, err := json.Marshal(map[string]any{
		"text_prompts": []map[string]any{
			{"text": "a lighthouse on a cliff at dusk"},
		},
		"width":  512,
		"height": 512,
		"steps":  30,
	})
	if err != nil {
		log.Fatal(err)
	}

	url := env("API_HOST", "http://127.0.0.1:8080") + "/v1/generation/" + engineID + "/text-to-image"
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "image/png")

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

	if err := os.MkdirAll(out, 0o755); err != nil {
		log.Fatal(err)
	}
	picture := filepath.Join(out, fmt.Sprintf("go_v1_text_to_image_png_%s.png", response.Header.Get("Seed")))
	if err := os.WriteFile(picture, answer, 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture)
}

// env returns an environment variable, or a fallback where it is not set.
func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
