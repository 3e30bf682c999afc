// tusd's own handler and file store behind Go's HTTP server: what the tusd program serves, without its cloud stores.
package main

import (
	"io"
	"net/http"
	"os"

	"github.com/tus/tusd/v2/pkg/filelocker"
	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"
)

func main() {
	address, folder := os.Args[1], os.Args[2]
	composer := handler.NewStoreComposer()
	filestore.New(folder).UseIn(composer)
	filelocker.New(folder).UseIn(composer)
	tus, err := handler.NewHandler(handler.Config{
		BasePath:      "/files/",
		StoreComposer: composer,
		Logger:        slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		panic(err)
	}
	http.Handle("/files/", http.StripPrefix("/files/", tus))
	if err := http.ListenAndServe(address, nil); err != nil {
		panic(err)
	}
}
