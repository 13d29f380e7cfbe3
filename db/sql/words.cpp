#include "db/sql/words.hpp"

#include "async/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace db {

namespace {

bool begins_word(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
           static_cast<unsigned char>(letter) >= 0x80;
}
bool continues_word(char letter) {
    return begins_word(letter) || (letter >= '0' && letter <= '9') || letter == '$';
}
bool is_space(char letter) { return std::string_view(" \t\r\n\f\v").find(letter) != std::string_view::npos; }

class lexer {
  public:
    lexer(std::string_view sql, std::size_t offset)
        : rest_(sql)
        , end_(offset + sql.size()) {}

    sql_words run() {
        while (result_.mistake.empty() && !rest_.empty())
            step();
        return std::move(result_);
    }

  private:
    void step() {
        const char next = rest_.front();
        if (is_space(next))
            (void)take(1);
        else if (rest_.starts_with("--"))
            remark(take(std::min(rest_.find('\n'), rest_.size())));
        else if (rest_.starts_with("/*"))
            comment();
        else if (next == '\'' || next == '"')
            quotes(next, position(), false);
        else if (next == '$' && !dollar_tag().empty())
            dollar_quotes();
        else if (begins_word(next))
            word();
        else if (next >= '0' && next <= '9')
            number();
        else
            symbol();
    }

    std::string_view take(std::size_t size) {
        const auto taken = rest_.substr(0, size);
        line_ += static_cast<std::size_t>(std::ranges::count(taken, '\n'));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    [[nodiscard]] std::size_t position() const { return end_ - rest_.size(); }

    // To be called once the word has been taken.
    void add(sql_word::kind category, std::string text, std::size_t line, std::size_t begin) {
        result_.words.push_back({category, std::move(text), depth_, line, begin, position()});
    }

    void remark(std::string_view comment) {
        const auto skip = [&comment](std::string_view part) {
            const auto space = std::ranges::find_if_not(comment, is_space) - comment.begin();
            comment.remove_prefix(static_cast<std::size_t>(space));
            const bool there = comment.starts_with(part);
            comment.remove_prefix(there ? part.size() : 0);
            return there;
        };
        if (!skip("--") || !skip("event-archiver") || !skip(":") || !skip(""))
            return;
        while (!comment.empty() && is_space(comment.back()))
            comment.remove_suffix(1);
        result_.notes.emplace_back(comment);
    }

    void unended(std::string_view token, std::size_t line) {
        result_.mistake = fmt::format("line {}: {} without its end", line, token);
    }

    // They may be nested.
    void comment() {
        const auto line = line_;
        (void)take(2);
        for (std::size_t open = 1; open > 0;) {
            const auto end = rest_.find("*/");
            const auto begin = rest_.find("/*");
            if (end == std::string_view::npos)
                return unended("a comment", line);
            open = begin < end ? open + 1 : open - 1;
            (void)take(std::min(begin, end) + 2);
        }
    }

    // A doubled quote stands for itself; a backslash does something only in E'…'.
    void quotes(char quote, std::size_t begin, bool escapes) {
        const auto line = line_;
        std::string text;
        (void)take(1);
        for (;;) {
            const auto end = rest_.find_first_of(escapes ? std::string{quote, '\\'} : std::string{quote});
            if (end == std::string_view::npos)
                return unended("a quoted text", line);
            text += take(end);
            const bool pair = rest_.size() > 1 && (rest_[0] == '\\' || rest_[1] == quote);
            if (!pair && rest_[0] == '\\')
                return unended("a quoted text", line);
            if (!pair)
                break;
            text += take(2).substr(1);
        }
        (void)take(1);
        add(sql_word::kind::quoted, std::move(text), line, begin);
    }

    // "$tag$", or nothing if none begins here.
    [[nodiscard]] std::string_view dollar_tag() const {
        std::size_t end = 1;
        while (end < rest_.size() && continues_word(rest_[end]) && rest_[end] != '$')
            ++end;
        const bool digit_first = rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9';
        return end < rest_.size() && rest_[end] == '$' && !digit_first ? rest_.substr(0, end + 1)
                                                                       : std::string_view();
    }

    void dollar_quotes() {
        const auto line = line_;
        const auto begin = position();
        const std::string tag(dollar_tag());
        (void)take(tag.size());
        const auto end = rest_.find(tag);
        if (end == std::string_view::npos)
            return unended("a quoted text", line);
        std::string text(take(end));
        (void)take(tag.size());
        add(sql_word::kind::quoted, std::move(text), line, begin);
    }

    void word() {
        const auto begin = position();
        const auto size =
            static_cast<std::size_t>(std::ranges::find_if_not(rest_, continues_word) - rest_.begin());
        auto text = async::uppercase(take(size));
        const bool prefix = !rest_.empty() && rest_.front() == '\'';
        if (prefix && text == "E")
            return quotes('\'', begin, true);
        add(sql_word::kind::word, std::move(text), line_, begin);
    }

    void number() {
        const auto begin = position();
        const auto size = static_cast<std::size_t>(
            std::ranges::find_if_not(rest_, [](char each) { return continues_word(each) || each == '.'; }) -
            rest_.begin());
        std::string text(take(size));
        add(sql_word::kind::word, std::move(text), line_, begin);
    }

    void symbol() {
        const auto begin = position();
        const char which = rest_.front();
        if (which == ')' && depth_ > 0)
            --depth_;
        (void)take(1);
        add(sql_word::kind::symbol, std::string(1, which), line_, begin);
        if (which == '(')
            ++depth_;
    }

    std::string_view rest_;
    std::size_t end_; // of the whole text
    std::size_t line_ = 1;
    std::size_t depth_ = 0;
    sql_words result_;
};

} // namespace

sql_words words_of(std::string_view sql) {
    const auto skipped = sql.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    return lexer(sql.substr(skipped), skipped).run();
}

sql_words single_statement(std::string_view sql) {
    auto found = words_of(sql);
    if (!found.mistake.empty())
        return found;
    const auto ends = [](const sql_word& each) { return each.is_symbol(';') && each.depth == 0; };
    const auto end = std::ranges::find_if(found.words, ends);
    if (const auto more = std::find_if_not(end, found.words.end(), ends); more != found.words.end())
        found.mistake = fmt::format("line {}: a second statement begins here: one is expected", more->line);
    found.words.erase(end, found.words.end());
    if (found.words.empty() && found.mistake.empty())
        found.mistake = "line 1: there is no statement";
    return found;
}

std::string shown(const sql_word& word) {
    auto text = word.text.substr(0, 30);
    std::ranges::replace_if(
        text, [](char each) { return each < ' ' || each > '~'; }, '?');
    return text;
}

} // namespace db
