/* weight.c - rarity of letters, and a list of texts that are common as a whole. */
#include "detect/sigma/weight.h"

#include <math.h>

/* A character at a given place of a URL, host name, path or command line. */
static double
character(uint8_t c)
{
	static const struct {
		const char *set;
		double p;
	} rows[] = {
	    {"e", 0.08},
	    {"atoinsr", 0.06},
	    {"/.", 0.05},
	    {"lcdmphu", 0.035},
	    {" -0123", 0.025},
	    {"gbfwyv456789", 0.017},
	    {"kxjqz_=\\:", 0.008},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (c != 0 && strchr(rows[i].set, c) != NULL)
			return rows[i].p;
	return 0.003;
}

struct common {
	struct slice text;
	double p;
};

/* Values that some field often has as a whole. */
static const struct common wholes[] = {
    {SLICE_LITERAL("get"), 0.6},
    {SLICE_LITERAL("post"), 0.15},
    {SLICE_LITERAL("connect"), 0.2},
    {SLICE_LITERAL("head"), 0.05},
    {SLICE_LITERAL("200"), 0.6},
    {SLICE_LITERAL("304"), 0.1},
    {SLICE_LITERAL("302"), 0.1},
    {SLICE_LITERAL("404"), 0.05},
    {SLICE_LITERAL("microsoft corporation"), 0.3},
    {SLICE_LITERAL("service control manager"), 0.2},
    {SLICE_LITERAL("true"), 0.5},
    {SLICE_LITERAL("false"), 0.5},
};

/* Pieces of values.  A text that is part of one tells next to nothing, however long it is. */
static const struct common pieces[] = {
    {SLICE_LITERAL("https://www."), 0.7},
    {SLICE_LITERAL("http://www."), 0.7},
    {SLICE_LITERAL(".com/"), 0.5},
    {SLICE_LITERAL(".com:443"), 0.2},
    {SLICE_LITERAL(".net/"), 0.1},
    {SLICE_LITERAL(".org/"), 0.1},
    {SLICE_LITERAL(".co.jp/"), 0.2},
    {SLICE_LITERAL("/index.html"), 0.05},
    {SLICE_LITERAL("/index.php?"), 0.05},
    {SLICE_LITERAL("/api/v1/"), 0.05},
    {SLICE_LITERAL("/api/v2/"), 0.05},
    {SLICE_LITERAL(".jpg"), 0.1},
    {SLICE_LITERAL(".png"), 0.1},
    {SLICE_LITERAL(".css"), 0.1},
    {SLICE_LITERAL(".html"), 0.1},
    {SLICE_LITERAL(".aspx"), 0.03},
    {SLICE_LITERAL(".php?"), 0.05},
    {SLICE_LITERAL("/images/"), 0.1},
    {SLICE_LITERAL(".js"), 0.1},
    {SLICE_LITERAL(".gif"), 0.05},
    {SLICE_LITERAL(".zip"), 0.02},
    {SLICE_LITERAL(".info"), 0.03},
    {SLICE_LITERAL(".xyz"), 0.03},
    {SLICE_LITERAL(".top"), 0.03},
    {SLICE_LITERAL(".net"), 0.1},
    {SLICE_LITERAL(".org"), 0.1},
    {SLICE_LITERAL(".jp"), 0.3},
    {SLICE_LITERAL(".com"), 0.5},
    {SLICE_LITERAL(".io"), 0.05},
    {SLICE_LITERAL(".me"), 0.03},
    {SLICE_LITERAL(".tv"), 0.02},
    {SLICE_LITERAL(".cc"), 0.02},
    {SLICE_LITERAL("microsoft.com"), 0.05},
    {SLICE_LITERAL("google.com"), 0.05},
    {SLICE_LITERAL(
	 "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) "
	 "chrome/"),
	0.6},
    {SLICE_LITERAL("safari/537.36"), 0.6},
    {SLICE_LITERAL("mozilla/5.0 (compatible; "), 0.05},
    {SLICE_LITERAL("gecko/20100101 firefox/"), 0.1},
    {SLICE_LITERAL("curl/"), 0.03},
    {SLICE_LITERAL("wget/"), 0.03},
    {SLICE_LITERAL("python-requests/"), 0.03},
    {SLICE_LITERAL("go-http-client/"), 0.03},
    {SLICE_LITERAL("okhttp/"), 0.03},
    {SLICE_LITERAL("microsoft-cryptoapi/"), 0.05},
    {SLICE_LITERAL("microsoft-delivery-optimization/"), 0.05},
    {SLICE_LITERAL("microsoft bits/"), 0.03},
    {SLICE_LITERAL("windows-update-agent/"), 0.05},
    {SLICE_LITERAL("c:\\windows\\system32\\"), 0.5},
    {SLICE_LITERAL("c:\\windows\\syswow64\\"), 0.1},
    {SLICE_LITERAL("c:\\program files\\"), 0.2},
    {SLICE_LITERAL("c:\\program files (x86)\\"), 0.1},
    {SLICE_LITERAL("c:\\users\\"), 0.2},
    {SLICE_LITERAL("\\appdata\\local\\"), 0.1},
    {SLICE_LITERAL("\\appdata\\roaming\\"), 0.1},
    {SLICE_LITERAL("\\temp\\"), 0.05},
    {SLICE_LITERAL(".exe\""), 0.6},
    {SLICE_LITERAL(".dll"), 0.4},
    {SLICE_LITERAL("\\cmd.exe"), 0.05},
    {SLICE_LITERAL("\\powershell.exe"), 0.05},
    {SLICE_LITERAL("\\svchost.exe"), 0.1},
    {SLICE_LITERAL("\\explorer.exe"), 0.05},
    {SLICE_LITERAL("\\rundll32.exe"), 0.02},
    {SLICE_LITERAL("hklm\\system\\currentcontrolset\\services\\"), 0.2},
    {SLICE_LITERAL("hkcu\\software\\microsoft\\windows\\currentversion\\"), 0.1},
    {SLICE_LITERAL("hklm\\software\\microsoft\\windows\\currentversion\\"), 0.1},
};

/* Is the text in it where it is wanted? */
static bool
holds(struct slice piece, struct slice text, bool at_start, bool at_end)
{
	if (at_start)
		return slice_starts(piece, text);
	if (at_end)
		return slice_ends(piece, text);
	return slice_search(piece, text) != SIZE_MAX;
}

static bool
is_number(struct slice text)
{
	uint64_t n;

	return slice_to_u64(text, &n);
}

double
weight_probability(struct slice text, bool at_start, bool at_end)
{
	double p = 1;

	/* One place if it is anchored, else about forty where it could begin. */
	for (size_t i = 0; i < text.len && p > 1e-12; i++)
		p *= character(text.ptr[i]);
	if (!at_start && !at_end)
		p *= 40;
	/* A number as a whole is a code, a port, an event's id: one of few. */
	if (at_start && at_end && p < 0.02 && is_number(text))
		p = 0.02;
	/* A top-level domain or a file's extension. */
	if (at_end && text.len > 1 && text.len <= 6 && text.ptr[0] == '.' && p < 0.004)
		p = 0.004;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]) && text.len > 0; i++)
		if (p < wholes[i].p &&
		    (at_start && at_end ? slice_equal(wholes[i].text, text)
					: holds(wholes[i].text, text, at_start, at_end)))
			p = wholes[i].p;
	for (size_t i = 0;
	     i < sizeof(pieces) / sizeof(pieces[0]) && text.len > 0 && !(at_start && at_end);
	     i++)
		if (p < pieces[i].p && holds(pieces[i].text, text, at_start, at_end))
			p = pieces[i].p;
	return p < 1e-12 ? 1e-12 : p > 1 ? 1 : p;
}

double
weight_bits(double p)
{
	return p >= 1 ? 0 : -log2(p);
}
