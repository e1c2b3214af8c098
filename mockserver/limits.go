package mockserver

import (
	"net/http"
	"time"
)

// The limits of a started server, all of them: the package comment says what each is
// for, and a test that it says these numbers.
const (
	// A request's line and header. net/http grants some 4 KiB more than it is told.
	maxHeaderBytes = 16 << 10
	headerTimeout  = 30 * time.Second // from a request's first byte, or the connection's start
	idleTimeout    = 2 * time.Minute  // between requests
	bodyTimeout    = 5 * time.Second  // that what is left of a refused body is read for
	writeTimeout   = time.Minute      // in which a client takes writePiece of an answer
	writePiece     = 64 << 10

	// One connection too many is refused in words, but not by any number at once:
	// their descriptors are of those that MaxConnections leaves to the program.
	maxRefusals    = spare / 2
	refusalTimeout = time.Second

	// What net/http logs of itself is a lot only if somebody is after that.
	maxLogEntries = 10
)

// The limits of every server, of one's own too.
const (
	maxQuery  = 1 << 10    // bytes; all parameters together need less than 300
	maxQuoted = 128        // bytes of a path or a method that an answer quotes
	maxHang   = maxLatency // nobody waits for hours
	// maxBuckets bounds the memory that queries can take.
	maxBuckets = 64
)

// There is no ReadTimeout and no WriteTimeout in this. net/http counts both from a
// request's arrival, and when the first is over it takes a client for gone that only
// waits: with them no answer could wait for longer, and Latency.Mean may be an hour.
func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// net/http would read the body of OPTIONS * for as long as it comes.
		DisableGeneralOptionsHandler: true,
	}
}

// quoted is what an answer says of a client's text: not all, if it is long.
func quoted(text string) string {
	if len(text) > maxQuoted {
		return text[:maxQuoted] + "..."
	}
	return text
}
