#include "archive/table/types_then.hpp"

#include "async/number.hpp"

#include <algorithm>
#include <map>

namespace archive {

namespace {

using line_kind = definition_line::kind;

constexpr std::string_view column_record = "c";
constexpr std::string_view label_record = "l";
constexpr std::string_view attribute_record = "a";
constexpr std::string_view base_record = "b";

std::string_view record_name(line_kind what) noexcept {
    if (what == line_kind::label)
        return label_record;
    return what == line_kind::attribute ? attribute_record : base_record;
}

// Each field ends with NUL, which no name and no label in PostgreSQL has.
void add_field(std::string& text, std::string_view field) { text.append(field).push_back('\0'); }

void add_fields(std::string& text, std::span<const std::string> fields) {
    add_field(text, std::to_string(fields.size()));
    for (const auto& each : fields)
        add_field(text, each);
}

class field_reader {
  public:
    explicit field_reader(std::string_view text)
        : left_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return left_.empty() || failed_; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }

    std::string field() {
        const auto end = left_.find('\0');
        failed_ = failed_ || end == std::string_view::npos;
        if (failed_)
            return {};
        std::string text(left_.substr(0, end));
        left_.remove_prefix(end + 1);
        return text;
    }
    std::vector<std::string> fields() {
        auto count = async::number_from<std::size_t>(field());
        failed_ = failed_ || !count;
        std::vector<std::string> all;
        for (; !failed_ && *count > 0; --*count)
            all.push_back(field());
        return all;
    }

  private:
    std::string_view left_;
    bool failed_ = false;
};

std::optional<line_kind> kind_of_record(std::string_view record) noexcept {
    for (const auto each : {line_kind::label, line_kind::attribute, line_kind::base})
        if (record == record_name(each))
            return each;
    return std::nullopt;
}

void take_lines(field_reader& from, line_kind what, std::vector<definition_line>& lines) {
    definition_line line;
    line.what = what;
    line.type = from.field();
    line.columns = from.fields();
    for (auto& value : from.fields()) {
        line.place += what == line_kind::base ? 0 : 1;
        line.value = std::move(value);
        lines.push_back(line);
    }
}

bool is_about(const definition_line& line, std::span<const std::string> columns) {
    return std::ranges::any_of(line.columns, [columns](const std::string& name) {
        return std::ranges::find(columns, name) != columns.end();
    });
}

struct labels_of_type {
    std::vector<std::uint32_t> kept;
    std::vector<std::uint32_t> added;
    bool made_together = true; // one transaction has made all: the type may have been made again
    std::string version;
};

// The oids of today's labels that the type did not have then, ascending. nullopt if they cannot have been
// added since: a label that had another name then is as old as the others.
std::optional<std::vector<std::uint32_t>> labels_without(const types_then& then,
                                                         std::span<const std::string> columns,
                                                         const type_definitions& today, labels_since added) {
    const auto was_there = [&then](const definition_line& line) {
        return std::ranges::any_of(then.definitions.lines, [&line](const definition_line& one) {
            return one.what == line_kind::label && one.type == line.type && one.value == line.value;
        });
    };
    std::map<std::string_view, labels_of_type> types;
    for (const auto& line : today.lines) {
        if (line.what != line_kind::label || !is_about(line, columns))
            continue;
        auto& type = types[line.type];
        if (type.kept.empty() && type.added.empty())
            type.version = line.version;
        type.made_together = type.made_together && type.version == line.version;
        (was_there(line) ? type.kept : type.added).push_back(line.label);
    }
    std::vector<std::uint32_t> left_out;
    for (const auto& [name, type] : types) {
        const bool latest = type.added.empty() || type.kept.empty() ||
                            std::ranges::min(type.added) > std::ranges::max(type.kept);
        if (added == labels_since::the_latest && !latest && !type.made_together)
            return std::nullopt;
        left_out.insert(left_out.end(), type.added.begin(), type.added.end());
    }
    std::ranges::sort(left_out);
    return left_out;
}

} // namespace

bool has_parts(const type_definitions& definitions) noexcept {
    return std::ranges::any_of(definitions.lines,
                               [](const definition_line& line) { return line.what != line_kind::base; });
}

std::string text_to_keep(const types_then& types) {
    std::string text;
    for (const auto& column : types.columns) {
        add_field(text, column_record);
        add_field(text, column.name);
        add_field(text, column.type);
    }
    const auto& lines = types.definitions.lines;
    for (auto at = lines.begin(); at != lines.end();) {
        const auto& first = *at;
        std::vector<std::string> values;
        for (; at != lines.end() && at->what == first.what && at->type == first.type; ++at)
            values.push_back(at->value);
        add_field(text, record_name(first.what));
        add_field(text, first.type);
        add_fields(text, first.columns);
        add_fields(text, values);
    }
    return text;
}

lake::noted_types types_to_note(const table_description& table) {
    return {table.types, text_to_keep({table.typed, table.definitions})};
}

std::optional<types_then> types_from(std::string_view text, std::uint64_t checksum) {
    types_then types;
    field_reader from(text);
    while (!from.at_end()) {
        const auto record = from.field();
        if (record == column_record) {
            typed_column column;
            column.name = from.field();
            column.type = from.field();
            types.columns.push_back(std::move(column));
        } else if (const auto what = kind_of_record(record)) {
            take_lines(from, *what, types.definitions.lines);
        } else {
            return std::nullopt;
        }
    }
    if (from.failed() || types_checksum(types.columns, types.definitions.text()) != checksum)
        return std::nullopt;
    return types;
}

std::optional<types_then> types_from(const lake::types_texts& texts, std::uint64_t checksum) {
    const auto found = texts.find(checksum);
    return found == texts.end() ? std::nullopt : types_from(found->second, checksum);
}

std::optional<std::vector<std::size_t>> changed_columns(const types_then& then,
                                                        std::span<const typed_column> columns) {
    if (!std::ranges::equal(then.columns, columns, {}, &typed_column::name, &typed_column::name))
        return std::nullopt;
    std::vector<std::size_t> changed;
    for (std::size_t at = 0; at < columns.size(); ++at)
        if (then.columns[at].type != columns[at].type)
            changed.push_back(at);
    return changed;
}

bool definitions_kept(const types_then& then, std::span<const typed_column> columns,
                      const type_definitions& definitions, labels_since added) {
    const auto changed = changed_columns(then, columns);
    if (!changed)
        return false;
    std::vector<std::string> as_they_were;
    std::vector<std::string> of_other_types;
    for (std::size_t at = 0; at < columns.size(); ++at)
        (std::ranges::find(*changed, at) == changed->end() ? as_they_were : of_other_types)
            .push_back(columns[at].name);
    const auto had_any = [&of_other_types](const definition_line& line) {
        return is_about(line, of_other_types);
    };
    if (std::ranges::any_of(then.definitions.lines, had_any))
        return false;
    const auto left_out = labels_without(then, as_they_were, definitions, added);
    return left_out && definitions.text_of(as_they_were, *left_out) == then.definitions.text_of(as_they_were);
}

} // namespace archive
