#include "azure/blob/impl/xml_reader.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace azure {

namespace {

constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF"; // the service begins its documents with one
constexpr std::size_t depth_max = 32;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

void append_utf8(std::string& text, std::uint32_t code) {
    const auto continuation = [&](unsigned shift) {
        text += static_cast<char>(0x80 | ((code >> shift) & 0x3f));
    };
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += static_cast<char>(0xc0 | (code >> 6));
        continuation(0);
    } else if (code < 0x10000) {
        text += static_cast<char>(0xe0 | (code >> 12));
        continuation(6);
        continuation(0);
    } else {
        text += static_cast<char>(0xf0 | (code >> 18));
        continuation(12);
        continuation(6);
        continuation(0);
    }
}

// "#38" or "#x26", without the '&' and ';'.
std::optional<std::uint32_t> character_reference(std::string_view reference) {
    if (reference.size() < 2 || reference.front() != '#')
        return std::nullopt;
    reference.remove_prefix(1);
    const bool hexadecimal = reference.front() == 'x';
    if (hexadecimal)
        reference.remove_prefix(1);
    std::uint32_t code = 0;
    const auto* const end = reference.data() + reference.size();
    const auto [stop, failed] = std::from_chars(reference.data(), end, code, hexadecimal ? 16 : 10);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (failed != std::errc() || stop != end || code == 0 || surrogate || code > 0x10ffff)
        return std::nullopt;
    return code;
}

std::optional<std::uint32_t> entity(std::string_view name) {
    if (name == "amp")
        return '&';
    if (name == "lt")
        return '<';
    if (name == "gt")
        return '>';
    if (name == "quot")
        return '"';
    if (name == "apos")
        return '\'';
    return character_reference(name);
}

} // namespace

xml_reader::xml_reader(std::string_view text, std::string_view root)
    : all_(text)
    , left_(text) {
    (void)pass(byte_order_mark);
    if (pass("<?xml")) {
        const auto end = left_.find("?>");
        if (end == std::string_view::npos)
            fail("the prolog does not end");
        left_.remove_prefix(end + 2);
    }
    pass_misc();
    if (!pass("<"))
        fail("it holds no element");
    open_element();
    if (name_ != root)
        fail("it begins with another element");
}

void xml_reader::fail(std::string_view problem) const {
    // Neither names nor text of the document: the answer may come from anybody.
    throw async::error(async::failure::unclassified,
                       fmt::format("the service's answer is not the expected XML: {} (at byte {} of {})",
                                   problem, all_.size() - left_.size(), all_.size()));
}

bool xml_reader::has_attribute(std::string_view name, std::string_view value) const noexcept {
    return std::any_of(attributes_.begin(), attributes_.end(),
                       [&](const auto& found) { return found.first == name && found.second == value; });
}

bool xml_reader::pass(std::string_view expected) noexcept {
    if (!left_.starts_with(expected))
        return false;
    left_.remove_prefix(expected.size());
    return true;
}

void xml_reader::pass_white_space() noexcept {
    left_.remove_prefix(std::min(left_.find_first_not_of(white_space), left_.size()));
}

void xml_reader::pass_comment() {
    const auto end = left_.find("-->");
    if (end == std::string_view::npos)
        fail("a comment does not end");
    left_.remove_prefix(end + 3);
}

void xml_reader::pass_misc() {
    for (pass_white_space(); pass("<!--"); pass_white_space())
        pass_comment();
}

std::string_view xml_reader::take_name() {
    const auto* const end = std::find_if_not(left_.begin(), left_.end(), is_name_character);
    const auto name = left_.substr(0, static_cast<std::size_t>(end - left_.begin()));
    if (name.empty())
        fail("a name is missing");
    left_.remove_prefix(name.size());
    return name;
}

// After '<': the name, the attributes, and '>' or '/>'.
void xml_reader::open_element() {
    if (open_.size() == depth_max)
        fail("its elements are nested too deeply");
    name_ = take_name();
    open_.push_back(name_);
    attributes_.clear();
    for (;;) {
        pass_white_space();
        empty_ = pass("/>");
        if (empty_ || pass(">"))
            return;
        const auto attribute = take_name();
        if (!pass("=\""))
            fail("an attribute has no value");
        const auto end = left_.find('"');
        if (end == std::string_view::npos)
            fail("an attribute does not end");
        attributes_.emplace_back(attribute, decoded(left_.substr(0, end)));
        left_.remove_prefix(end + 1);
    }
}

// After '</', or at the end of '<a/>'.
void xml_reader::close_element() {
    if (!empty_) {
        if (take_name() != open_.back())
            fail("an element ends as another");
        pass_white_space();
        if (!pass(">"))
            fail("the end of an element is malformed");
    }
    empty_ = false;
    open_.pop_back();
    name_ = open_.empty() ? std::string_view() : open_.back();
}

bool xml_reader::next_child() {
    if (!empty_) {
        pass_misc();
        if (!left_.starts_with("</")) {
            if (!pass("<"))
                fail(left_.empty() ? "it ends too early" : "there is text between elements");
            open_element();
            return true;
        }
        (void)pass("</");
    }
    close_element();
    return false;
}

std::string xml_reader::text() {
    std::string content;
    if (!empty_) {
        const auto end = left_.find('<');
        if (end == std::string_view::npos)
            fail("it ends too early");
        content = decoded(left_.substr(0, end));
        left_.remove_prefix(end);
        if (!pass("</"))
            fail("there is an element where text is expected");
    }
    close_element();
    return content;
}

void xml_reader::skip() {
    const auto depth = open_.size();
    while (open_.size() >= depth) {
        if (empty_) {
            close_element();
            continue;
        }
        const auto next = left_.find('<');
        if (next == std::string_view::npos)
            fail("it ends too early");
        left_.remove_prefix(next + 1);
        if (pass("/"))
            close_element();
        else if (pass("!--"))
            pass_comment();
        else
            open_element();
    }
}

void xml_reader::finish() {
    pass_misc();
    if (!open_.empty() || !left_.empty())
        fail("something follows its end");
}

std::string xml_reader::decoded(std::string_view raw) const {
    std::string text;
    text.reserve(raw.size());
    while (!raw.empty()) {
        const auto ampersand = std::min(raw.find('&'), raw.size());
        text.append(raw.substr(0, ampersand));
        raw.remove_prefix(ampersand);
        if (raw.empty())
            break;
        const auto end = raw.find(';');
        const auto code = end == std::string_view::npos ? std::nullopt : entity(raw.substr(1, end - 1));
        if (!code)
            fail("an entity is unknown");
        append_utf8(text, *code);
        raw.remove_prefix(end + 1);
    }
    return text;
}

} // namespace azure
