//go:build !unix

package main

import "errors"

func inSystemCalls(int) (int, error) { return 0, errors.ErrUnsupported }
