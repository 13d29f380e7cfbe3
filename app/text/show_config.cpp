#include "app/text/show_config.hpp"

#include "app/settings/options.hpp"
#include "app/text/text_table.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"
#include "async/quotable.hpp"
#include "db/conninfo.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>

namespace app {

namespace {

std::string shown(const option& setting, const sourced_text& text, const wrong_settings& wrong) {
    if (!text.set())
        return "";
    if (text.from == source::standard) // no secret: the pages name it
        return text.text;
    const bool says_so_itself = setting.secrecy == secrecy::database;
    if (!says_so_itself && wrong.contains(setting.environment) && !async::may_quote(text.text))
        return "(hidden: it is a mistake)";
    switch (setting.secrecy) {
    case secrecy::secret:
        return "(hidden)";
    case secrecy::database:
        return db::conninfo_mistake(text.text) ? "(hidden: it cannot be parsed)"
                                               : db::describe_conninfo(text.text);
    case secrecy::url:
        return may_show(setting, text.text) ? text.text : "(hidden: it holds a password or a query)";
    case secrecy::open:
        if (!may_show(setting, text.text))
            return "(hidden: it looks like a secret)";
        break;
    }
    return text.text;
}

boost::json::value null_if_empty(std::string_view text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

bool differs(const option& setting, const sourced_text& text) {
    return text.set() && text.from != source::standard && text.text != setting.standard;
}

std::vector<const option*> shown_of(const texts& given, const config_view& view) {
    std::vector<const option*> result;
    for (const auto& setting : options())
        if (!view.only_changed || differs(setting, given[setting.environment]) ||
            view.wrong.contains(setting.environment))
            result.push_back(&setting);
    return result;
}

std::string as_json(const texts& given, const config_view& view) {
    boost::json::array rows;
    for (const auto* setting : shown_of(given, view)) {
        const auto& text = given[setting->environment];
        boost::json::object row;
        row["environment"] = setting->environment;
        row["alias"] = null_if_empty(setting->alias);
        row["flag"] = null_if_empty(setting->flag);
        row["value"] = text.set() ? boost::json::value(valid_utf8(shown(*setting, text, view.wrong)))
                                  : boost::json::value(nullptr);
        row["source"] = to_string(text.from);
        row["secret"] = setting->is_secret();
        row["mistake"] = view.wrong.contains(setting->environment);
        rows.emplace_back(std::move(row));
    }
    boost::json::array others(view.read_by_libraries.begin(), view.read_by_libraries.end());
    return boost::json::serialize(boost::json::object{{"schema", "event-archiver/config/v1"},
                                                      {"settings", std::move(rows)},
                                                      {"read_by_libraries", std::move(others)}}) +
           "\n";
}

// With a column for mistakes if there are any.
std::string as_table(const std::vector<const option*>& settings, const texts& given, const config_view& view,
                     std::size_t width) {
    const bool marks = !view.wrong.empty();
    text_table table(marks ? "llll" : "lll", marks
                                                 ? std::vector<std::string>{"SETTING", "SOURCE", "", "VALUE"}
                                                 : std::vector<std::string>{"SETTING", "SOURCE", "VALUE"});
    for (const auto* setting : settings) {
        const auto& text = given[setting->environment];
        std::vector<std::string> row{std::string(setting->environment), std::string(to_string(text.from)),
                                     shown(*setting, text, view.wrong)};
        if (marks)
            row.insert(row.end() - 1, view.wrong.contains(setting->environment) ? "mistake" : "");
        table.add(std::move(row));
    }
    return table.text(width);
}

} // namespace

std::string show_config(const texts& given, const config_view& view, output_format format,
                        std::size_t width) {
    if (format == output_format::json)
        return as_json(given, view);
    const auto settings = shown_of(given, view);
    auto text = settings.empty() ? std::string("every setting has its default\n")
                                 : as_table(settings, given, view, width);
    if (!view.read_by_libraries.empty())
        text += wrapped_lines(
            fmt::format("also set, and read by libraries: {}\n", fmt::join(view.read_by_libraries, ", ")),
            width);
    return text;
}

} // namespace app
