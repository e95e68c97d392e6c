#!/bin/sh
# Builds the font subsets that internal/paper embeds. Needs pyftsubset (fonttools) and the Debian packages
# fonts-dejavu-core, fonts-droid-fallback, fonts-noto-core and fonts-noto-cjk; the subsets are committed, so only a change of the
# character lists below calls for running it: cd internal/paper/fonts && ./build.sh
set -eu
cd "$(dirname "$0")"
src=${FONT_SOURCE:-/usr/share/fonts}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What both weights of the text font keep: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, N'Ko, Lao, Georgian,
# Tifinagh, punctuation, currency, letter-like signs, arrows, geometric shapes and the few symbols of the layouts.
text=U+0020-007E,U+00A0-052F,U+0531-058F,U+0591-05F4,U+0600-06FF,U+0750-077F,U+07C0-07FA,U+0E81-0EDD,U+10A0-10FF
text=$text,U+1E00-1FFF,U+2000-206F,U+20A0-20CF,U+2100-214F,U+2190-2199,U+25A0-25FF,U+2610,U+2702,U+2713
text=$text,U+FFFD,U+2C60-2C7F,U+2D00-2D7F,U+A720-A7FF,U+FB00-FB4F

# subset SOURCE NAME UNICODES [OPTION…] writes NAME.ttf.gz without hints and glyph names, with all shaping tables.
subset() {
	from=$1 name=$2 unicodes=$3
	shift 3
	pyftsubset "$src/$from" --output-file="$work/$name.ttf" --unicodes="$unicodes" --no-hinting --desubroutinize \
		--layout-features='*' --notdef-outline --drop-tables+=FFTM,PfEd,DSIG "$@"
	gzip -9nc "$work/$name.ttf" >"$name.ttf.gz"
}

# Names drop to regular where a family ships no second weight; the page code thickens those outlines.
subset truetype/dejavu/DejaVuSans.ttf text-regular "$text"
subset truetype/dejavu/DejaVuSans-Bold.ttf text-bold "$text"
subset truetype/dejavu/DejaVuSansMono.ttf mono U+0020-007E

for script in Devanagari:0900-097F Bengali:0980-09FE Gurmukhi:0A00-0A76 Gujarati:0A80-0AFF Tamil:0B82-0BFA \
	Telugu:0C00-0C7F Kannada:0C80-0CF2 Malayalam:0D00-0D7F Sinhala:0D81-0DF4 Thai:0E01-0E5B Myanmar:1000-109F \
	Ethiopic:1200-139F Khmer:1780-17F9 Syriac:0700-074F Thaana:0780-07B1; do
	name=${script%%:*}
	subset "truetype/noto/NotoSans$name-Regular.ttf" "$(echo "$name" | tr 'A-Z' 'a-z')" "U+${script##*:},U+0020,U+00A0,U+200C,U+200D,U+25CC"
done
subset truetype/noto/NotoSerifTibetan-Regular.ttf tibetan U+0020,U+00A0,U+0F00-0FDA,U+25CC

# Chinese, Japanese and Korean: the word lists of the card, and what the national sets of everyday characters hold,
# which covers nearly every name. The font of the ideographs has no Hangul.
/usr/bin/python3 - "$work" ../../words/lists/zh-*.txt ../../words/lists/ja.txt ../../words/lists/ko.txt <<'PY'
import sys, unicodedata
keep = set()
for path in sys.argv[2:]:
    keep.update(unicodedata.normalize("NFC", open(path, encoding="utf-8").read()))
def charset(encoding, first, last):
    for lead in range(first, last + 1):
        for trail in range(0x40, 0xFF):
            try:
                keep.update(bytes([lead, trail]).decode(encoding))
            except UnicodeDecodeError:
                pass
charset("gb2312", 0xB0, 0xF7)
charset("big5", 0xA4, 0xC6)
charset("euc_jp", 0xB0, 0xCF)
charset("euc_kr", 0xB0, 0xC8)
keep = {c for c in keep if ord(c) >= 0x3000}
keep.update(map(chr, range(0x3000, 0x3100)))
keep.update(map(chr, range(0xFF01, 0xFF61)))
hangul = {c for c in keep if 0xAC00 <= ord(c) <= 0xD7A3}
hangul.update(map(chr, range(0x3131, 0x318F)))
for name, characters in ("cjk", keep - hangul), ("hangul", hangul):
    open(f"{sys.argv[1]}/{name}.txt", "w", encoding="utf-8").write("".join(sorted(characters)))
PY
subset truetype/droid/DroidSansFallbackFull.ttf cjk U+0020,U+00A0,U+3000 --text-file="$work/cjk.txt"
subset opentype/noto/NotoSansCJK-Regular.ttc hangul U+0020,U+00A0,U+3000 --text-file="$work/hangul.txt" --font-number=1

for package in fonts-dejavu-core fonts-noto-core fonts-noto-cjk fonts-droid-fallback; do
	cp "/usr/share/doc/$package/copyright" "LICENSE.$package"
done
ls -l -- *.gz
