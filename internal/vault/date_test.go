package vault

import (
	"strings"
	"testing"
)

func TestParseDate(t *testing.T) {
	const today = Date("2024-01-31")
	for in, want := range map[string]Date{
		"2024-02-29": "2024-02-29", "29/02/2024": "2024-02-29", "03/04/2024": "2024-04-03",
		"+0d": today, "+30d": "2024-03-01", "+2w": "2024-02-14", "+1mo": "2024-02-29", "+13mo": "2025-02-28", "+1y": "2025-01-31", "+18mo": "2025-07-31",
	} {
		if got, err := ParseDate(in, today); err != nil || got != want {
			t.Errorf("ParseDate(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	if got, err := ParseDate(" 2024-02-29 ", today); err != nil || got != "2024-02-29" {
		t.Errorf("with space around it: %q, %v", got, err)
	}
	for _, in := range []string{"", "none", "2023-02-29", "2024-13-01", "2024-1-1", "31/02/2024", "13/13/2024", "1/2/2024", "04/2024", "20240101", "+", "+d",
		"+30", "-30d", "+30j", "+99999d", "+9999y", "++1d", "45292", "4,5292E+04", "2024-01-01T00:00:00Z"} {
		if got, err := ParseDate(in, today); CodeOf(err) != CodeInvalid {
			t.Errorf("ParseDate(%q) = %q, %v", in, got, err)
		}
	}
	if got := Date("2024-02-29").AddDate(1, 0, 0); got != "2025-02-28" {
		t.Errorf("a year after a leap day: %s", got)
	}
	if got := Date("2024-03-31").AddDate(0, -1, 0); got != "2024-02-29" {
		t.Errorf("a month before: %s", got)
	}
	if got, err := ParseDays("18mo", today); err != nil || got != "2025-07-31" {
		t.Errorf("ParseDays: %s, %v", got, err)
	}
	if _, err := ParseDays("soon", today); CodeOf(err) != CodeInvalid {
		t.Errorf("ParseDays(soon): %v", err)
	}
}

func TestParseBirthDate(t *testing.T) {
	const today = Date("2024-06-15")
	for in, want := range map[string]string{
		"": "", "unknown": "", "1985": "1985", "1985~": "1985", "1985-03": "1985", "1985-03~": "1985", "1985-03-14": "1985", "1985-03-14~": "1985",
		"14/03/1985": "1985", "2024-06-15": "2024", "1880": "1880",
	} {
		got, err := ParseBirthDate(in, today)
		if err != nil || got.Year() != want {
			t.Errorf("ParseBirthDate(%q) = %q (%s), %v", in, got, got.Year(), err)
		}
		if again, err := ParseBirthDate(string(got), today); err != nil || again != got {
			t.Errorf("%q reads as %q, %v", got, again, err)
		}
	}
	for _, in := range []string{"85", "1985-3", "1985-13", "1985-02-30", "31/02/1985", "1879", "2025", "2024-06-16", "2024-07", "~1985", "1985~~", "circa 1985", "1985-", "Unknown"} {
		if got, err := ParseBirthDate(in, today); CodeOf(err) != CodeInvalid {
			t.Errorf("ParseBirthDate(%q) = %q, %v", in, got, err)
		}
	}
}

func TestPeriodsAndValidity(t *testing.T) {
	for _, s := range []string{"", "2023", "2023-12"} {
		if got, err := ParsePeriod(s); err != nil || got != s {
			t.Errorf("ParsePeriod(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"23", "2023-00", "2023-13", "2023-1", "2023-01-01", "12/2023"} {
		if _, err := ParsePeriod(s); CodeOf(err) != CodeInvalid {
			t.Errorf("ParsePeriod(%q): %v", s, err)
		}
	}
	const today = Date("2024-02-28")
	for expires, want := range map[Date]Validity{"": Undated, "2024-02-27": Expired, today: Soon, "2024-03-29": Soon, "2024-03-30": Valid, "2099-01-01": Valid} {
		if got := ValidityOf(expires, today, 30); got != want {
			t.Errorf("ValidityOf(%q) = %s, want %s", expires, got, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "29/02/2024", "+18mo", "+9999y", "none"} {
		f.Add(s, "2024-01-31")
	}
	f.Fuzz(func(t *testing.T, s, today string) {
		d, err := ParseDate(s, Date(today))
		if err != nil {
			return
		}
		if again, err := ParseDate(string(d), "2024-01-31"); err != nil || again != d {
			t.Errorf("%q: %q reads as %q, %v", s, d, again, err)
		}
	})
}

func FuzzBirthDate(f *testing.F) {
	for _, s := range []string{"1985-03-14", "1985~", "14/03/1985", "unknown", "1985-03-14~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseBirthDate(s, "2024-06-15")
		if err != nil {
			return
		}
		if y := b.Year(); y != "" && (len(y) != 4 || strings.Trim(y, "0123456789") != "" || y > "2024") {
			t.Errorf("%q is of the year %q", s, y)
		}
		if again, err := ParseBirthDate(string(b), "2024-06-15"); err != nil || again != b {
			t.Errorf("%q: %q reads as %q, %v", s, b, again, err)
		}
	})
}
