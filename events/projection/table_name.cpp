#include "events/projection/table_name.hpp"

#include "async/ascii.hpp"
#include "db/connection.hpp"
#include "db/sql/words.hpp"

#include <algorithm>
#include <span>

namespace events {

namespace {

std::string name_of(const db::sql_word& word) {
    return word.category == db::sql_word::kind::word ? async::lowercase(word.text) : word.text;
}

// Schema, dot and table at the front.
std::optional<table_name> name_at(std::span<const db::sql_word> words) {
    const bool there = words.size() >= 3 && words[0].category != db::sql_word::kind::symbol &&
                       words[1].is_symbol('.') && words[2].category != db::sql_word::kind::symbol;
    if (!there)
        return std::nullopt;
    return table_name{name_of(words[0]), name_of(words[2])};
}

} // namespace

std::string table_name::quoted() const {
    return db::connection::identifier(schema) + "." + db::connection::identifier(table);
}

std::optional<std::vector<table_name>> table_names_from(std::string_view text) {
    const auto read = db::words_of(text);
    std::span<const db::sql_word> words(read.words);
    std::vector<table_name> names;
    while (read.mistake.empty()) {
        const auto name = name_at(words);
        if (!name || name->schema.empty() || name->table.empty())
            return std::nullopt;
        names.push_back(*name);
        words = words.subspan(3);
        if (words.empty())
            return names;
        if (!words.front().is_symbol(','))
            return std::nullopt;
        words = words.subspan(1);
    }
    return std::nullopt;
}

std::size_t line_that_names(std::string_view sql, const std::vector<table_name>& tables) {
    const auto read = db::words_of(sql);
    std::span<const db::sql_word> words(read.words);
    for (; words.size() >= 3; words = words.subspan(1))
        if (const auto name = name_at(words); name && std::ranges::find(tables, *name) != tables.end())
            return words.front().line;
    return 0;
}

} // namespace events
