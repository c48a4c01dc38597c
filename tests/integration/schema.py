"""As much of JSON Schema (2020-12) as openapi.yaml uses; anything else in a schema is an error."""
import datetime
import re

IGNORED = {"description", "default", "examples", "format", "title"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Mismatch(AssertionError):
    pass


def is_type(value, name):
    if name in ("integer", "number"):
        return not isinstance(value, bool) and isinstance(value, (int, float) if name == "number" else int)
    return isinstance(value, TYPES[name])


class Validator:
    def __init__(self, document):
        self.document = document

    def resolve(self, ref):
        at = self.document
        for part in ref.removeprefix("#/").split("/"):
            at = at[part.replace("~1", "/").replace("~0", "~")]
        return at

    def fail(self, path, what):
        raise Mismatch("%s: %s" % (path or "(root)", what))

    def check(self, value, schema, path=""):
        if "$ref" in schema:
            self.check(value, self.resolve(schema["$ref"]), path)
        for key, want in schema.items():
            if key in IGNORED or key == "$ref":
                continue
            method = getattr(self, "check_" + key, None)
            if method is None and key not in ("properties", "items", "additionalProperties"):
                raise AssertionError("the schema uses %s" % key)
            if method is not None:
                method(value, want, path)
        if schema.get("format") == "date-time" and isinstance(value, str):
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value):
                self.fail(path, "%r is no time" % value)
            datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        if isinstance(value, dict):
            self.check_members(value, schema, path)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                self.check(item, schema["items"], "%s[%d]" % (path, i))

    def check_members(self, value, schema, path):
        known = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        for name, member in value.items():
            if name in known:
                self.check(member, known[name], "%s.%s" % (path, name))
            elif more is False:
                self.fail(path, "has %s" % name)
            elif isinstance(more, dict):
                self.check(member, more, "%s.%s" % (path, name))

    def check_type(self, value, want, path):
        names = want if isinstance(want, list) else [want]
        if not any(is_type(value, name) for name in names):
            self.fail(path, "%r is not of type %s" % (value, want))

    def check_required(self, value, want, path):
        for name in want:
            if isinstance(value, dict) and name not in value:
                self.fail(path, "lacks %s" % name)

    def check_enum(self, value, want, path):
        if value not in want:
            self.fail(path, "%r is none of %s" % (value, want))

    def check_pattern(self, value, want, path):
        if isinstance(value, str) and not re.search(want, value):
            self.fail(path, "%r does not match %s" % (value, want))

    def check_minimum(self, value, want, path):
        if value < want:
            self.fail(path, "%r is below %r" % (value, want))

    def check_maximum(self, value, want, path):
        if value > want:
            self.fail(path, "%r is above %r" % (value, want))

    def check_minLength(self, value, want, path):
        if len(value) < want:
            self.fail(path, "%r is too short" % value)

    def check_maxLength(self, value, want, path):
        if len(value) > want:
            self.fail(path, "%r is too long" % value)

    check_minItems, check_maxItems = check_minLength, check_maxLength
    check_minProperties, check_maxProperties = check_minLength, check_maxLength

    def check_oneOf(self, value, want, path):
        good = 0
        for schema in want:
            try:
                self.check(value, schema, path)
                good += 1
            except Mismatch:
                pass
        if good != 1:
            self.fail(path, "%r fits %d of the alternatives" % (value, good))
