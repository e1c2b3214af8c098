package files

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// A Work is what is made of a file. The same file gives the same bytes.
type Work string

// The kinds of work.
const (
	// Gzip compresses the file: NAME.gz, for gunzip. klauspost/compress does it, which many Go
	// programs take that compress much: the format, the interface and about the size are
	// those of compress/gzip, in a third of its time.
	Gzip Work = "gzip"
	// SHA256 computes the file's hash: NAME.sha256, a line for sha256sum -c, which is run in
	// the input directory.
	SHA256 Work = "hash"
)

func (w Work) valid() bool { return w == Gzip || w == SHA256 }

// suffix is what the result's name ends in.
func (w Work) suffix() string {
	if w == Gzip {
		return ".gz"
	}
	return ".sha256"
}

// work gives the result of a file.
func (b *Batch) work(body Body) ([]byte, error) {
	if b.settings.Work == SHA256 {
		return hashLine(body), nil
	}
	return b.compress(body.Bytes)
}

// hashLine escapes a name as sha256sum does: then a backslash comes first.
func hashLine(body Body) []byte {
	name, begin := strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`).Replace(body.Key), ""
	if name != body.Key {
		begin = `\`
	}
	return fmt.Appendf(nil, "%s%x  %s\n", begin, sha256.Sum256(body.Bytes), name)
}

// compress writes no name and no time, so that the result depends on the bytes alone.
func (b *Batch) compress(content []byte) ([]byte, error) {
	w, ok := b.gzips.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(nil)
	}
	defer b.gzips.Put(w)
	var result bytes.Buffer
	w.Reset(&result)
	_, err := w.Write(content)
	if err == nil {
		err = w.Close()
	}
	return result.Bytes(), err
}
