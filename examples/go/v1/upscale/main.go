// Double the size of a picture: POST /v1/generation/{engine_id}/image-to-image/upscale.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
)

const engineID = "esrgan-v1-x2plus"

func main() {
	apiKey := os.Getenv("STABILITY_API_KEY")
	if apiKey == "" {
		log.Fatal("Set STABILITY_API_KEY to your API key and run this again.")
	}
	out := env("OUT_DIR", "out")
	// Relative to the folder of go.mod; set ASSETS_DIR to run it from elsewhere.
	assets := env("ASSETS_DIR", filepath.Join("..", "assets"))

	image, err := os.ReadFile(filepath.Join(assets, "init_image.png"))
	if err != nil {
		log.Fatal(err)
	}

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	addField(form, "image", image)
	// Send width or height, never both: the other side follows.
	addField(form, "width", []byte("1024"))
	if err := form.Close(); err != nil {
		log.Fatal(err)
	}

	url := env("API_HOST", "http://127.0.0.1:8080") + "/v1/generation/" + engineID + "/image-to-image/upscale"
	request, err := http.NewRequest(http.MethodPost, url, &body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Content-Type", form.FormDataContentType())
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
	picture := filepath.Join(out, fmt.Sprintf("go_v1_upscale_%s.png", response.Header.Get("Seed")))
	if err := os.WriteFile(picture, answer, 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture)
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
