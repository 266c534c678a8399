// Draw a 1024x1024 picture from words with SDXL: POST /v1/generation/{engine_id}/text-to-image.
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

const engineID = "stable-diffusion-xl-1024-v1-0"

func main() {
	apiKey := os.Getenv("STABILITY_API_KEY")
	if apiKey == "" {
		log.Fatal("Set STABILITY_API_KEY to your API key and run this again.")
	}
	out := env("OUT_DIR", "out")

	body, err := json.Marshal(map[string]any{
		"text_prompts": []map[string]any{
			{"text": "a lighthouse on a cliff at dusk", "weight": 1},
			{"text": "fog, people", "weight": -1},
		},
		"width":        1024,
		"height":       1024,
		"samples":      1,
		"steps":        30,
		"cfg_scale":    7,
		"seed":         42,
		"style_preset": "fantasy-art",
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
		picture := filepath.Join(out, fmt.Sprintf("go_v1_text_to_image_%d.png", artifact.Seed))
		if err := os.WriteFile(picture, artifact.Base64, 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Println(picture)
	}
}

// env returns an environment variable, or a fallback where it is not set.
func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
