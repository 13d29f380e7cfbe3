#include "exports/task/delete_statement.hpp"

#include "async/ascii.hpp"
#include "db/sql/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace exports {

using db::sql_word;

namespace {

using word_list = std::span<const sql_word>;

bool is_any_of(const sql_word& each, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&each](std::string_view word) { return each.is(word); });
}

// What may stand where a name is expected.
bool is_name(const sql_word& each) {
    return each.category == sql_word::kind::quoted ||
           (each.category == sql_word::kind::word &&
            !is_any_of(each, {"USING", "WHERE", "RETURNING", "AS", "ONLY"}));
}

// The names of a list with commas.
void add_names(std::string_view list, std::vector<std::string>& found) {
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        if (const auto name = async::trimmed(list.substr(0, end)); !name.empty())
            found.emplace_back(name);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

class reader {
  public:
    explicit reader(std::string_view sql)
        : sql_(sql)
        , found_(db::single_statement(sql)) {}

    delete_shape run() {
        shape_.mistake = found_.mistake;
        shape_.unverified = std::ranges::any_of(found_.notes, [](std::string_view note) {
            return note.substr(0, note.find_first_of(" \t")) == "unverified";
        });
        constexpr std::string_view leaves_out = "leaves out ";
        for (const auto& note : found_.notes)
            if (note.starts_with(leaves_out))
                add_names(std::string_view(note).substr(leaves_out.size()), shape_.left_out);
        if (shape_.mistake.empty())
            read();
        return std::move(shape_);
    }

  private:
    [[nodiscard]] std::string text(word_list words) const {
        return words.empty()
                   ? std::string()
                   : std::string(sql_.substr(words.front().begin, words.back().end - words.front().begin));
    }

    // The DELETE that is the statement itself, not one within a WITH.
    [[nodiscard]] static std::size_t find_delete(word_list words) {
        std::size_t at = 0;
        while (at + 1 < words.size() &&
               !(words[at].depth == 0 && words[at].is("DELETE") && words[at + 1].is("FROM")))
            ++at;
        return at + 1 < words.size() ? at : words.size();
    }

    void read() {
        const word_list words(found_.words);
        const auto& first = words.front();
        const auto begin = find_delete(words);
        if (!first.is("DELETE") && !first.is("WITH"))
            shape_.mistake = fmt::format("line {}: it begins with '{}' where a DELETE is expected",
                                         first.line, db::shown(first));
        else if (begin == words.size())
            shape_.mistake =
                fmt::format("line {}: there is no DELETE FROM outside its parentheses", first.line);
        if (!shape_.mistake.empty())
            return;
        const auto deleting = words.subspan(begin);
        const auto returning = std::ranges::find_if(
            deleting, [](const sql_word& each) { return each.depth == 0 && each.is("RETURNING"); });
        const auto kept = static_cast<std::size_t>(returning - deleting.begin());
        shape_.statement = text(words.first(begin + kept));
        if (returning != deleting.end())
            shape_.own_returning = text(deleting.subspan(kept + 1));
        find_cursor(deleting);
        find_obstacles(words.first(begin), deleting.subspan(kept));
        read_target(deleting.subspan(2));
    }

    void find_cursor(word_list deleting) {
        for (std::size_t at = 0; at + 2 < deleting.size(); ++at)
            if (deleting[at].depth == 0 && deleting[at].is("WHERE") && deleting[at + 1].is("CURRENT") &&
                deleting[at + 2].is("OF"))
                shape_.mistake = fmt::format(
                    "line {}: WHERE CURRENT OF needs a cursor, and a task has no cursor", deleting[at].line);
    }

    void find_obstacles(word_list with, word_list returning) {
        for (std::size_t at = 1; at < with.size(); ++at)
            if (with[at - 1].is_symbol('(') && is_any_of(with[at], {"DELETE", "UPDATE", "INSERT", "MERGE"}))
                refuse(with[at], "rows that a WITH clause changes cannot be compared");
        // Taken away with the list, a call would not be made.
        const auto call =
            std::ranges::find_if(returning, [](const auto& each) { return each.is_symbol('('); });
        if (call != returning.end())
            refuse(*call, "its RETURNING computes something: leave it out");
    }

    // [ONLY] name [*] [[AS] alias], ONLY (name)
    void read_target(word_list words) {
        const auto next = [&words](auto accept) {
            const bool there = !words.empty() && accept(words.front());
            if (there)
                words = words.subspan(1);
            return there;
        };
        const auto symbol = [](char which) {
            return [which](const sql_word& each) { return each.is_symbol(which); };
        };
        shape_.only = next([](const auto& each) { return each.is("ONLY"); });
        const bool parenthesis = shape_.only && next(symbol('('));
        std::string name;
        do {
            if (words.empty() || !is_name(words.front()))
                return refuse_end(words);
            name += text(words.first(1));
            words = words.subspan(1);
            if (!next(symbol('.')))
                break;
            name += '.';
        } while (true);
        if (parenthesis && !next(symbol(')')))
            return refuse_end(words);
        (void)next(symbol('*'));
        const bool as = next([](const auto& each) { return each.is("AS"); });
        shape_.column_qualifier = name;
        if (!words.empty() && is_name(words.front())) {
            shape_.column_qualifier = text(words.first(1));
            words = words.subspan(1);
        } else if (as) {
            return refuse_end(words);
        }
        if (!words.empty() && !is_any_of(words.front(), {"USING", "WHERE", "RETURNING"}))
            return refuse_end(words);
        shape_.target = name;
    }

    void refuse(const sql_word& at, std::string_view why) {
        if (shape_.obstacle.empty())
            shape_.obstacle = fmt::format("line {}: {}", at.line, why);
    }

    void refuse_end(word_list words) {
        refuse(words.empty() ? found_.words.back() : words.front(),
               "the name of the table it deletes from is not understood");
    }

    std::string_view sql_;
    db::sql_words found_;
    delete_shape shape_;
};

} // namespace

delete_shape shape_of_delete(std::string_view sql) { return reader(sql).run(); }

} // namespace exports
