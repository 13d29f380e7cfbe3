#include "events/json_text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

namespace events {

namespace {

namespace json = boost::json;

// Keeps nothing but the kind of the outermost value and the member that is asked for.
class json_listener {
  public:
    static constexpr auto max_object_size = static_cast<std::size_t>(-1);
    static constexpr auto max_array_size = static_cast<std::size_t>(-1);
    static constexpr auto max_key_size = static_cast<std::size_t>(-1);
    static constexpr auto max_string_size = static_cast<std::size_t>(-1);

    using failed = json::error_code;
    using view = json::string_view;

    std::string_view wanted;
    std::string_view parsed;  // what the parser is given
    std::string_view written; // what it stands for, byte for byte
    json_reading found;

    bool on_document_begin(failed&) { return true; }
    bool on_document_end(failed&) { return true; }
    bool on_object_begin(failed&) { return enter(json_kind::object); }
    bool on_object_end(std::size_t, failed&) { return leave(); }
    bool on_array_begin(failed&) { return enter(json_kind::array); }
    bool on_array_end(std::size_t, failed&) { return leave(); }
    bool on_key_part(view part, std::size_t, failed&) {
        if (depth_ == 1)
            name_.append(part.data(), part.size());
        return true;
    }
    bool on_key(view part, std::size_t, failed&) {
        if (depth_ == 1) {
            name_.append(part.data(), part.size());
            listening_ = !wanted.empty() && name_ == wanted;
            if (listening_)
                found.member.reset();
            name_.clear();
            text_.clear();
        }
        return true;
    }
    bool on_string_part(view part, std::size_t, failed&) { return hear(part); }
    bool on_string(view part, std::size_t, failed&) { return hear(part) && scalar(); }
    bool on_number_part(view part, failed&) { return hear(part); }
    bool on_int64(std::int64_t, view part, failed&) { return hear(part) && scalar(); }
    bool on_uint64(std::uint64_t, view part, failed&) { return hear(part) && scalar(); }
    bool on_double(double, view part, failed&) { return hear(part) && scalar(); }
    bool on_bool(bool value, failed&) { return hear(value ? "true" : "false") && scalar(); }
    bool on_null(failed&) {
        listening_ = listening_ && depth_ != 1;
        return true;
    }
    bool on_comment_part(view, failed&) { return true; }
    bool on_comment(view, failed&) { return true; }

  private:
    bool enter(json_kind kind) {
        if (depth_ == 0)
            found.kind = kind;
        else if (depth_ == 1)
            listening_ = false;
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    bool hear(view part) {
        if (listening_ && depth_ == 1)
            text_ += as_written({part.data(), part.size()});
        return true;
    }
    [[nodiscard]] std::string_view as_written(std::string_view part) const {
        const std::less<const char*> before;
        if (parsed.data() == written.data() || before(part.data(), parsed.data()) ||
            before(parsed.data() + parsed.size(), part.data() + part.size()))
            return part; // a text with escapes stands elsewhere
        return written.substr(static_cast<std::size_t>(part.data() - parsed.data()), part.size());
    }
    bool scalar() {
        if (listening_ && depth_ == 1)
            found.member = text_;
        listening_ = listening_ && depth_ != 1;
        return true;
    }

    std::size_t depth_ = 0;
    std::string name_;
    std::string text_;
    bool listening_ = false;
};

json::parse_options strict_options() {
    json::parse_options options;
    // PostgreSQL's own limit depends on max_stack_depth.
    options.max_depth = json_nesting_max;
    return options;
}

// The same with zeros for the digits of every exponent: Boost.JSON computes numbers and refuses an exponent
// that does not fit, which RFC 8259 allows.
std::string without_exponents(std::string_view text) {
    std::string made(text);
    const auto is_digit = [&made](std::size_t at) {
        return at < made.size() && made[at] >= '0' && made[at] <= '9';
    };
    bool in_string = false;
    for (std::size_t at = 0; at < made.size(); ++at) {
        if (in_string) {
            if (made[at] == '\\')
                ++at;
            else
                in_string = made[at] != '"';
        } else if (made[at] == '"') {
            in_string = true;
        } else if ((made[at] == 'e' || made[at] == 'E') && at > 0 && is_digit(at - 1)) {
            if (at + 1 < made.size() && (made[at + 1] == '+' || made[at + 1] == '-'))
                ++at;
            for (; is_digit(at + 1); ++at)
                made[at + 1] = '0';
        }
    }
    return made;
}

} // namespace

json_reading read_json(std::string_view text, std::string_view member) {
    std::string changed;
    json::error_code failed;
    std::size_t used = 0;
    json_reading reading;
    const auto read = [&](std::string_view given) {
        json::basic_parser<json_listener> parser(strict_options());
        parser.handler().wanted = member;
        parser.handler().parsed = given;
        parser.handler().written = text;
        failed = {};
        used = parser.write_some(false, given.data(), given.size(), failed);
        reading = std::move(parser.handler().found);
    };
    read(text);
    if (failed == json::error::exponent_overflow) {
        changed = without_exponents(text);
        read(changed);
    }
    reading.offset = used;
    if (failed == json::error::too_deep) {
        reading.fault = json_fault::too_deep;
        reading.mistake = fmt::format("it is nested more than {} levels deep", json_nesting_max);
    } else if (failed) {
        reading.fault = json_fault::syntax;
        reading.mistake = fmt::format("it is not JSON: {}", failed.message());
    } else if (used < text.size()) {
        reading.fault = json_fault::something_follows;
        reading.mistake = "it is not JSON: something follows the value";
    }
    return reading;
}

} // namespace events
