#include "app/settings/js_literal.hpp"

#include "async/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace app {

namespace {

struct literal_mistake : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool is_blank(char each) {
    return each == ' ' || each == '\t' || each == '\n' || each == '\r' || each == '\v' || each == '\f';
}
bool in_name(char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
           each == '_' || each == '$';
}

void append_utf8(std::string& text, std::uint32_t code) {
    const auto tail = [&text](std::uint32_t bits) { text += static_cast<char>(0x80U | (bits & 0x3fU)); };
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += static_cast<char>(0xc0U | (code >> 6U));
        tail(code);
    } else if (code < 0x10000) {
        text += static_cast<char>(0xe0U | (code >> 12U));
        tail(code >> 6U);
        tail(code);
    } else {
        text += static_cast<char>(0xf0U | (code >> 18U));
        tail(code >> 12U);
        tail(code >> 6U);
        tail(code);
    }
}

class literal_reader {
  public:
    explicit literal_reader(std::string_view text)
        : text_(text) {}

    [[nodiscard]] config_value module() {
        skip_blanks();
        if (take("'use strict'") || take("\"use strict\""))
            skip_end();
        if (take("module.exports")) {
            must_take('=');
        } else if (take_word("export") && !take_word("default")) {
            fail();
        }
        auto value = read(0);
        skip_end();
        if (!at_end())
            fail();
        return value;
    }

  private:
    [[noreturn]] void fail() const {
        const auto line = 1 + std::ranges::count(text_.substr(0, at_), '\n');
        throw literal_mistake(fmt::format(
            "line {}: no JavaScript is run, and this is not a literal: give `module.exports = {{ … "
            "}}` with objects, arrays, strings, numbers, true, false and null",
            line));
    }

    [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] char here() const noexcept { return at_end() ? '\0' : text_[at_]; }
    [[nodiscard]] bool next_is(std::string_view expected) const {
        return text_.substr(at_).starts_with(expected);
    }

    void skip_blanks() {
        for (;;) {
            while (!at_end() && is_blank(here()))
                ++at_;
            if (next_is("//")) {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (next_is("/*")) {
                const auto end = text_.find("*/", at_ + 2);
                if (end == std::string_view::npos)
                    fail();
                at_ = end + 2;
            } else {
                return;
            }
        }
    }

    void skip_end() {
        skip_blanks();
        while (here() == ';') {
            ++at_;
            skip_blanks();
        }
    }

    bool take(std::string_view expected) {
        if (!next_is(expected))
            return false;
        at_ += expected.size();
        skip_blanks();
        return true;
    }

    bool take_word(std::string_view word) {
        const auto behind = at_ + word.size();
        if (!next_is(word) || (behind < text_.size() && in_name(text_[behind])))
            return false;
        return take(word);
    }

    void must_take(char expected) {
        if (here() != expected)
            fail();
        ++at_;
        skip_blanks();
    }

    [[nodiscard]] config_value read(std::size_t depth) {
        if (depth > config_depth_max)
            fail();
        config_value value;
        value.line = 1 + static_cast<std::size_t>(std::ranges::count(text_.substr(0, at_), '\n'));
        const char first = here();
        if (first == '{') {
            read_object(value, depth);
        } else if (first == '[') {
            read_array(value, depth);
        } else if (first == '"' || first == '\'' || first == '`') {
            value.is = config_value::kind::text;
            value.text = string();
        } else {
            read_word(value);
        }
        skip_blanks();
        return value;
    }

    void read_object(config_value& value, std::size_t depth) {
        value.is = config_value::kind::map;
        must_take('{');
        while (here() != '}') {
            const bool quoted = here() == '"' || here() == '\'';
            auto name = quoted ? string() : word();
            skip_blanks();
            must_take(':');
            if (name.empty() || value.find(name) != nullptr)
                fail();
            value.map.push_back({std::move(name), read(depth + 1)});
            if (here() != '}')
                must_take(',');
        }
        must_take('}');
    }

    void read_array(config_value& value, std::size_t depth) {
        value.is = config_value::kind::list;
        must_take('[');
        while (here() != ']') {
            value.list.push_back(read(depth + 1));
            if (here() != ']')
                must_take(',');
        }
        must_take(']');
    }

    [[nodiscard]] std::string word() {
        const auto from = at_;
        while (!at_end() && in_name(here()))
            ++at_;
        return std::string(text_.substr(from, at_ - from));
    }

    void read_word(config_value& value) {
        const auto from = at_;
        while (!at_end() && (in_name(here()) || here() == '.' || here() == '-' || here() == '+'))
            ++at_;
        const auto found = text_.substr(from, at_ - from);
        double number = 0;
        const auto [end, failed] = std::from_chars(found.data(), found.data() + found.size(), number);
        const bool is_number = failed == std::errc() && end == found.data() + found.size();
        if (found == "null" || found == "undefined")
            return;
        if (found != "true" && found != "false" && !is_number) {
            at_ = from;
            fail();
        }
        value.is = config_value::kind::text;
        value.text = found;
    }

    [[nodiscard]] std::string string() {
        const char quote = text_[at_++];
        std::string result;
        while (here() != quote) {
            const bool ends = at_end() || (here() == '\n' && quote != '`') || (quote == '`' && next_is("${"));
            if (ends)
                fail();
            if (here() == '\\') {
                ++at_;
                escape(result);
            } else {
                result += text_[at_++];
            }
        }
        ++at_;
        return result;
    }

    void escape(std::string& into) {
        static constexpr std::string_view letters = "bfnrtv0";
        static constexpr std::string_view meanings("\b\f\n\r\t\v\0", 7);
        if (at_end())
            fail();
        const char letter = text_[at_++];
        if (letter == 'x') {
            append_utf8(into, digits(2));
        } else if (letter == 'u') {
            append_utf8(into, code_point());
        } else if (const auto which = letters.find(letter); which != std::string_view::npos) {
            into += meanings[which];
        } else if (letter >= '1' && letter <= '9') {
            fail();
        } else if (letter != '\n') { // at the end of a line it joins the two
            into += letter;
        }
    }

    [[nodiscard]] std::uint32_t code_point() {
        if (here() == '{') {
            const auto end = text_.find('}', at_);
            if (end == std::string_view::npos || end - at_ < 2 || end - at_ > 7)
                fail();
            ++at_;
            const auto code = digits(end - at_);
            ++at_;
            if (code > 0x10ffff)
                fail();
            return code;
        }
        const auto high = digits(4);
        if (high < 0xd800 || high > 0xdbff || !next_is("\\u"))
            return high;
        at_ += 2;
        const auto low = digits(4);
        if (low < 0xdc00 || low > 0xdfff)
            fail();
        return 0x10000 + ((high - 0xd800) << 10U) + (low - 0xdc00);
    }

    [[nodiscard]] std::uint32_t digits(std::size_t count) {
        const auto part = text_.substr(at_, count);
        const auto code = async::number_from<std::uint32_t>(part, 16);
        if (part.size() != count || !code)
            fail();
        at_ += count;
        return *code;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

parsed_config parse_js_literal(std::string_view content) {
    try {
        return {literal_reader(content).module(), {}};
    } catch (const literal_mistake& mistake) {
        return {{}, mistake.what()};
    }
}

} // namespace app
