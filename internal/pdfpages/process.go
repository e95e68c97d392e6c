package pdfpages

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

// atOnce is how many PDFs may be read at the same time: each may take memoryLimit.
const atOnce = 2

// Process has PDFs read by this program in processes of their own. It is safe for concurrent use; what exceeds two PDFs at
// a time waits.
type Process struct {
	slots chan struct{}
	limit time.Duration // from the last byte of the PDF to the first of the answer
}

// New returns a Process. The program that calls it must run [Serve] when its first argument is [Argument].
func New() *Process {
	return &Process{slots: make(chan struct{}, atOnce), limit: timeLimit + 5*time.Second}
}

// Count returns how many pages a PDF has. Errors are those of Split but for the pages.
func (p *Process) Count(ctx context.Context, src io.Reader) (int, error) {
	c, err := p.start(ctx, src)
	if err != nil {
		return 0, err
	}
	return c.answer.Pages, c.Close()
}

// Split returns a PDF of the pages that a list names ("1-3,5", "4-") of the PDF that src gives, which is read to its end
// first unless it is no PDF, and how many pages those are. The same PDF and list give the same bytes. Src is not used any more once Split has returned an
// error or the piece was closed. Errors, with CodeInvalid: no PDF, damaged, encrypted, too large for the limits, pages that
// it does not have or that are no list; those of src as they are; CodeInterrupted when ctx ends. Reading the piece fails if
// it is cut short.
func (p *Process) Split(ctx context.Context, src io.Reader, pages string) (io.ReadCloser, int, error) {
	list, err := vault.ParsePageList(pages)
	if err != nil {
		return nil, 0, err
	}
	c, err := p.start(ctx, src, list.String())
	if err != nil {
		return nil, 0, err
	}
	taken, err := list.Numbers(c.answer.Pages)
	if err != nil {
		_ = c.Close() // it answered what it was not asked
		return nil, 0, err
	}
	return c, len(taken), nil
}

// child is one running process, and the piece that it writes.
type child struct {
	ctx    context.Context
	p      *Process
	cmd    *exec.Cmd
	out    *bufio.Reader
	answer answer
	fed    chan struct{} // closed when src is not used any more
	srcErr error         // of src, after fed
	timer  *time.Timer
	once   sync.Once
	end    error // of the process, after once
}

func (p *Process) start(ctx context.Context, src io.Reader, args ...string) (*child, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, interrupted(ctx)
	}
	c := &child{ctx: ctx, p: p, fed: make(chan struct{})}
	if err := c.run(src, args); err != nil {
		<-p.slots
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		return nil, fmt.Errorf("read PDF: %w", err)
	}
	line, err := c.out.ReadSlice('\n')
	c.timer.Stop()
	if err == nil {
		err = json.Unmarshal(line, &c.answer)
	}
	if err != nil {
		_ = c.cmd.Process.Kill() // may have ended already
	}
	<-c.fed // a process that has answered takes no more
	if err == nil && c.answer.Problem == "" && c.srcErr == nil {
		return c, nil
	}
	problem := c.problem(err)
	_ = c.Close() // the problem says more
	return nil, problem
}

// run starts the process and feeds it.
func (c *child) run(src io.Reader, args []string) error {
	program, err := self()
	if err != nil {
		return err
	}
	c.cmd = exec.CommandContext(c.ctx, program, append([]string{Argument}, args...)...)
	c.cmd.Args[0] = os.Args[0]
	c.cmd.Env = environment()
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.out = bufio.NewReaderSize(out, 64<<10)
	c.timer = time.AfterFunc(c.p.limit, func() { _ = c.cmd.Process.Kill() })
	c.timer.Stop() // runs once the process has the whole PDF
	go func() {
		defer close(c.fed)
		c.srcErr = feed(in, src)
		c.timer.Reset(c.p.limit)
		_ = in.Close() // the process that has gone is seen at the other pipe
	}()
	return nil
}

// self is this program, also when its file was replaced since it started.
func self() (string, error) {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	return os.Executable()
}

// environment is what a process needs that talks through its pipes alone.
func environment() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch strings.ToUpper(name) {
		case "SYSTEMROOT", "PATH", "TMPDIR", "TEMP", "GOCOVERDIR":
			env = append(env, kv)
		}
	}
	return env
}

// feed copies src, and returns its error. That the process takes no more is seen in its answer.
func feed(dst io.Writer, src io.Reader) error {
	buf := make([]byte, 256<<10)
	defer clear(buf)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// problem is why no piece comes. Err says that there was no answer. A source that failed is the reason of whatever the
// process made of it.
func (c *child) problem(err error) error {
	switch {
	case c.srcErr != nil:
		return fmt.Errorf("read document: %w", c.srcErr)
	case c.ctx.Err() != nil:
		return interrupted(c.ctx)
	case err != nil:
		return vault.Errorf(vault.CodeInvalid, "the PDF takes more memory or time to read than is allowed")
	}
	switch c.answer.Problem {
	case problemPages:
		return &vault.Error{Code: vault.CodeInvalid, Msg: c.answer.Message}
	case problemPart:
		return &partError{c.answer.Part}
	case problemNotPDF:
		return vault.Errorf(vault.CodeInvalid, "not a PDF: pages can be taken out of a PDF alone")
	case problemEncrypted:
		return vault.Errorf(vault.CodeInvalid, "the PDF is protected by a password: unlock it first, or print it to a new PDF")
	case problemTooLarge:
		return vault.Errorf(vault.CodeInvalid, "the PDF is larger than %d MiB: pages cannot be taken out of it", MaxSize>>20)
	}
	return vault.Errorf(vault.CodeInvalid, "the PDF is damaged: pages cannot be taken out of it; scan or export it again")
}

func interrupted(ctx context.Context) error {
	return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", ctx.Err())
}

// Read gives the piece. Its end is the end of the process, if that went well.
func (c *child) Read(b []byte) (int, error) {
	n, err := c.out.Read(b)
	if n > 0 || err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read PDF: %w", err)
	}
	if err := c.wait(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// wait collects the process.
func (c *child) wait() error {
	c.once.Do(func() {
		<-c.fed
		c.timer.Stop()
		c.end = c.cmd.Wait()
		<-c.p.slots
	})
	switch {
	case c.end == nil:
		return nil
	case c.ctx.Err() != nil:
		return interrupted(c.ctx)
	}
	return vault.Errorf(vault.CodeFailed, "the pages of the PDF came cut short")
}

// Close ends the process and gives its place free. What is left of the piece is not read.
func (c *child) Close() error {
	_ = c.cmd.Process.Kill() // may have ended already
	_ = c.wait()             // it was killed
	return nil
}
