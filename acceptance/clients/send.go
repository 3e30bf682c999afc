// Sends one picture with a caption by Go's own client: send URL FILE CAPTION. Prints status and body of the answer as JSON.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	url, path, caption := os.Args[1], os.Args[2], os.Args[3]
	content, err := os.ReadFile(path)
	check(err)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	check(form.WriteField("caption", caption))
	header := textproto.MIMEHeader{}
	name := strings.NewReplacer("\\", "\\\\", `"`, "\\\"").Replace(filepath.Base(path))
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="picture"; filename="%s"`, name))
	header.Set("Content-Type", "image/png")
	part, err := form.CreatePart(header)
	check(err)
	_, err = part.Write(content)
	check(err)
	check(form.Close())
	answer, err := http.Post(url, form.FormDataContentType(), &body)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"status": answer.StatusCode, "body": string(text)}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
