#include "events/queries/query_file.hpp"

#include "async/ascii.hpp"
#include "async/number.hpp"
#include "db/sql/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace events {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view next_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return async::trimmed(line);
}

// The text after `--`; nullopt if the line is not a comment.
std::optional<std::string_view> comment_of_line(std::string_view line) {
    if (!line.starts_with("--"))
        return std::nullopt;
    return async::trimmed(line.substr(2));
}

bool is_path_letter(char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || each == '_';
}
bool is_path_digit(char each) { return each >= '0' && each <= '9'; }

bool is_parameter_name(std::string_view text) {
    return !text.empty() && is_path_letter(text.front()) &&
           std::ranges::all_of(text, [](char each) { return is_path_letter(each) || is_path_digit(each); });
}

bool is_path_literal(std::string_view segment) {
    return std::ranges::all_of(segment, [](char each) {
        return is_path_letter(each) || is_path_digit(each) || each == '-' || each == '.' || each == '~';
    });
}

// Names that are in the list already.
bool add_parameter_name(std::vector<std::string>& names, std::string_view name,
                        const std::vector<std::string>& others) {
    const auto same = [name](const std::string& each) { return each == name; };
    if (std::ranges::any_of(names, same) || std::ranges::any_of(others, same))
        return false;
    names.emplace_back(name);
    return true;
}

// Returns what is wrong; "" if nothing is.
std::string read_route_path(query_file& into, std::string_view path) {
    into.path = path;
    if (!path.starts_with('/'))
        return fmt::format("the path '{}' does not begin with '/'", path);
    for (auto rest = path; !rest.empty();) {
        rest.remove_prefix(1);
        const auto segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(segment.size());
        if (segment.empty() && path == "/")
            return {};
        if (segment.empty())
            return "the path has an empty segment: give one '/' between two, and none at the end";
        if (!segment.starts_with('{')) {
            if (!is_path_literal(segment))
                return fmt::format("the segment '{}' of the path is neither letters, digits, '-', '.', '_', "
                                   "'~' nor a {{name}}",
                                   segment);
            continue;
        }
        const auto name = segment.ends_with('}') ? segment.substr(1, segment.size() - 2) : "";
        if (!is_parameter_name(name))
            return fmt::format("'{}' is not a parameter: give it as {{name}}, with letters, digits and '_'",
                               segment);
        if (!add_parameter_name(into.path_names, name, {}))
            return fmt::format("the parameter '{}' is there twice", name);
    }
    return {};
}

std::string read_more_names(query_file& into, std::string_view names) {
    for (auto rest = names;;) {
        const auto name = rest.substr(0, rest.find('&'));
        if (!is_parameter_name(name))
            return fmt::format("'{}' is not a parameter of a query: give names as ?limit&from", name);
        if (!add_parameter_name(into.more_names, name, into.path_names))
            return fmt::format("the parameter '{}' is there twice", name);
        if (name.size() == rest.size())
            return {};
        rest.remove_prefix(name.size() + 1);
    }
}

std::string read_route(query_file& into, std::string_view line) {
    constexpr std::string_view right = "give the route in the first line, as `-- GET /path/{name}`";
    const auto comment = comment_of_line(line);
    if (!comment)
        return std::string(right);
    const auto method = comment->substr(0, comment->find_first_of(blanks));
    if (method != "GET")
        return fmt::format("'{}' is not GET: queries only read; {}", method, right);
    const auto target = async::trimmed(comment->substr(method.size()));
    const auto question = target.find('?');
    if (auto mistake = read_route_path(into, target.substr(0, question)); !mistake.empty())
        return mistake;
    return question == std::string_view::npos ? "" : read_more_names(into, target.substr(question + 1));
}

constexpr std::array<std::pair<std::string_view, answer_form>, 4> answer_forms{{{"rows", answer_form::rows},
                                                                                {"row", answer_form::row},
                                                                                {"value", answer_form::value},
                                                                                {"text", answer_form::text}}};
constexpr std::array<unsigned, 4> statuses_of_none{200, 204, 404, 410};

std::string read_answer_line(query_file& into, std::string_view line) {
    constexpr std::string_view right =
        "name the form of the answer in the second line: `-- rows`, `-- row`, `-- value` or `-- text`, and "
        "the status if there is no row: 200, 204, 404 or 410";
    const auto comment = comment_of_line(line);
    if (!comment)
        return std::string(right);
    const auto word = comment->substr(0, comment->find_first_of(blanks));
    const auto* const form =
        std::ranges::find(answer_forms, word, &std::pair<std::string_view, answer_form>::first);
    if (form == answer_forms.end())
        return fmt::format("'{}' is not a form of an answer; {}", word, right);
    into.form = form->second;
    if (into.form != answer_form::rows)
        into.status_of_none = 404;
    const auto status = async::trimmed(comment->substr(word.size()));
    if (status.empty())
        return {};
    const auto number = async::number_from<unsigned>(status);
    if (!number || std::ranges::find(statuses_of_none, *number) == statuses_of_none.end())
        return fmt::format("'{}' is not such a status; {}", status, right);
    into.status_of_none = *number;
    return {};
}

// Parameters of the statement by number and by name. A name is put into the text as its number.
class parameter_reader {
  public:
    parameter_reader(std::string_view text, std::span<const db::sql_word> words,
                     std::vector<std::string> names)
        : text_(text)
        , words_(words)
        , names_(std::move(names))
        , used_(names_.size()) {}

    // The text up to the end of the last word.
    std::string run(std::string& mistake) {
        for (std::size_t at = 0; at + 1 < words_.size() && mistake.empty(); ++at)
            look_at(at, mistake);
        const auto unused = std::ranges::find(used_, false);
        if (mistake.empty() && unused != used_.end())
            mistake = fmt::format("line 1: the statement does not use the parameter '{}'",
                                  names_[static_cast<std::size_t>(unused - used_.begin())]);
        put_until(words_.back().end);
        return std::move(made_);
    }

  private:
    void look_at(std::size_t at, std::string& mistake) {
        const auto& sign = words_[at];
        const auto& word = words_[at + 1];
        if (word.begin != sign.end || word.category != db::sql_word::kind::word)
            return;
        const auto written = text_.substr(word.begin, word.end - word.begin);
        if (sign.is_symbol('$')) {
            const auto number = async::number_from<std::size_t>(written);
            if (!number || *number < 1 || *number > names_.size())
                mistake = fmt::format("line {}: there is no parameter ${}: the route has {}", sign.line,
                                      written, names_.size());
            else
                used_[*number - 1] = true;
        }
        // Not the `::` of a cast.
        if (!sign.is_symbol(':') || (at > 0 && words_[at - 1].is_symbol(':')))
            return;
        const auto named = std::ranges::find(names_, written);
        if (named == names_.end())
            return;
        const auto index = static_cast<std::size_t>(named - names_.begin());
        used_[index] = true;
        put_until(sign.begin);
        made_ += fmt::format("${}", index + 1);
        put_ = word.end;
    }

    void put_until(std::size_t end) {
        made_ += text_.substr(put_, end - put_);
        put_ = end;
    }

    std::string_view text_;
    std::span<const db::sql_word> words_;
    std::vector<std::string> names_;
    std::vector<bool> used_;
    std::string made_;
    std::size_t put_ = 0;
};

std::string wrapped_statement(answer_form form, std::string_view sql) {
    switch (form) {
    case answer_form::rows:
    case answer_form::row:
        return fmt::format("SELECT pg_catalog.row_to_json(answer)::pg_catalog.text FROM ({}\n) AS answer",
                           sql);
    case answer_form::value:
        return fmt::format(
            "SELECT pg_catalog.to_json(answer.value)::pg_catalog.text FROM ({}\n) AS answer(value)", sql);
    case answer_form::text:
        return fmt::format("SELECT answer.value::pg_catalog.text FROM ({}\n) AS answer(value)", sql);
    }
    return {};
}

std::string read_query_statement(query_file& into, std::string_view text) {
    const auto read = db::single_statement(text);
    if (!read.mistake.empty())
        return read.mistake;
    const auto& first = read.words.front();
    if (!first.is("SELECT") && !first.is("WITH") && !first.is("VALUES") && !first.is("TABLE"))
        return fmt::format("line {}: the statement begins with {}: give a SELECT", first.line,
                           db::shown(first));
    auto names = into.path_names;
    names.insert(names.end(), into.more_names.begin(), into.more_names.end());
    std::string mistake;
    const auto sql = parameter_reader(text, read.words, std::move(names)).run(mistake);
    into.statement = wrapped_statement(into.form, sql);
    return mistake;
}

} // namespace

query_file read_query_file(std::string_view text) {
    query_file read;
    auto rest = text;
    if (auto mistake = read_route(read, next_line(rest)); !mistake.empty())
        read.mistake = "line 1: " + mistake;
    else if (auto second = read_answer_line(read, next_line(rest)); !second.empty())
        read.mistake = "line 2: " + second;
    else
        read.mistake = read_query_statement(read, text);
    return read;
}

std::size_t line_of_character(std::string_view statement, std::size_t character) noexcept {
    if (character == 0)
        return 0;
    std::size_t line = 1;
    std::size_t characters = 0;
    for (const char each : statement) {
        const bool begins = (static_cast<unsigned char>(each) & 0xc0U) != 0x80U;
        if (begins && ++characters == character)
            break;
        if (each == '\n')
            ++line;
    }
    return line;
}

} // namespace events
