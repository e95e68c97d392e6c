package engine

import "io"

// Parts gives the streams of an upload one after the other, in the order in which they were sent; the error is io.EOF
// after the last one. A stream ends with io.EOF only if all of it has arrived. What is left of a stream is skipped by the
// next call. It is not safe for concurrent use. A nil Parts is an upload without streams.
type Parts func() (name string, r io.Reader, err error)

func (p Parts) next() (string, io.Reader, error) {
	if p == nil {
		return "", nil, io.EOF
	}
	return p()
}
