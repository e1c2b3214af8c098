//go:build !unix

package files_test

import "errors"

func setFileLimit(int) error { return errors.ErrUnsupported }
