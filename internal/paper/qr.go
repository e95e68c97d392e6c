package paper

import "vaultctl/internal/qrcode"

// quiet is the blank border of a code, in modules.
const quiet = qrcode.Quiet

// encodeQR returns the code of text with the highest redundancy whose modules stay at least 0.75 mm wide when it is
// printed size millimetres wide: paper gets creased, and a cheap camera must still read it.
func encodeQR(text string, size float64) (*qrcode.Code, error) {
	var (
		code *qrcode.Code
		err  error
	)
	for _, level := range []qrcode.Level{qrcode.Quarter, qrcode.Medium, qrcode.Low} {
		code, err = qrcode.Encode(text, level)
		if err == nil && size/float64(code.Size+2*quiet) >= 0.75 {
			break
		}
	}
	return code, err
}

// qr draws the code of text in a square of size millimetres, quiet border included, its corner at x, y.
func (s *sheet) qr(text string, x, y, size float64) error {
	code, err := encodeQR(text, size)
	if err != nil {
		return err
	}
	module := size / float64(code.Size+2*quiet)
	for row := range code.Size {
		for from := 0; from < code.Size; from++ {
			to := from
			for to < code.Size && code.Black(to, row) {
				to++
			}
			if to == from {
				continue
			}
			// One rectangle for neighbouring modules, a hair taller, leaves no white seams on screen or paper.
			s.pdf.Rect(x+float64(from+quiet)*module, y+float64(row+quiet)*module,
				float64(to-from)*module, module*1.02, "F")
			from = to
		}
	}
	return nil
}
