#include "exports/task/view_definition.hpp"

#include "async/ascii.hpp"
#include "db/sql/words.hpp"

#include <algorithm>
#include <span>

namespace exports {

using db::sql_word;

namespace {

using word_list = std::span<const sql_word>;

// pg_get_viewdef quotes each name that is not in small letters.
std::string plain_name(const sql_word& word) {
    return word.category == sql_word::kind::word ? async::lowercase(word.text) : word.text;
}

bool is_name_of_view(const sql_word& word) { return word.category != sql_word::kind::symbol; }

bool ends_from(const sql_word& word) { return word.is("WHERE") || word.is("ORDER"); }

// True for a name, or a table and a name, and nothing else.
bool is_column(word_list item) {
    const bool qualified =
        item.size() == 3 && is_name_of_view(item[0]) && item[1].is_symbol('.') && is_name_of_view(item[2]);
    return qualified || (item.size() == 1 && is_name_of_view(item[0]));
}

std::vector<std::string> columns_in(word_list list) {
    std::vector<std::string> columns;
    while (!list.empty()) {
        const auto comma = std::ranges::find_if(
            list, [](const sql_word& each) { return each.depth == 0 && each.is_symbol(','); });
        const auto size = static_cast<std::size_t>(comma - list.begin());
        if (!is_column(list.first(size)))
            return {};
        columns.push_back(plain_name(list[size - 1]));
        list = list.subspan(std::min(size + 1, list.size()));
    }
    return columns;
}

} // namespace

view_definition definition_from(std::string_view sql) {
    const auto statement = db::single_statement(sql);
    const word_list words(statement.words);
    if (!statement.mistake.empty() || !words.front().is("SELECT"))
        return {};
    const auto from =
        std::ranges::find_if(words, [](const sql_word& each) { return each.depth == 0 && each.is("FROM"); });
    const auto before = static_cast<std::size_t>(from - words.begin());
    auto behind = words.subspan(std::min(before + 1, words.size()));
    view_definition found;
    if (behind.size() >= 3 && behind[1].is_symbol('.')) {
        found.schema = plain_name(behind[0]);
        behind = behind.subspan(2);
    }
    if (behind.empty() || !is_name_of_view(behind[0]) || behind[0].is("ONLY"))
        return {};
    found.table = plain_name(behind[0]);
    behind = behind.subspan(1);
    if (!behind.empty() && is_name_of_view(behind[0]) && !ends_from(behind[0]))
        behind = behind.subspan(1); // its alias
    // An alias with a list gives columns other names.
    if (behind.empty() || ends_from(behind[0]))
        found.columns = columns_in(words.subspan(1, before - 1));
    return found;
}

} // namespace exports
