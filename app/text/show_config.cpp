#include "app/text/show_config.hpp"

#include "app/settings/options.hpp"
#include "app/text/text_table.hpp"
#include "app/text/utf8.hpp"
#include "async/quotable.hpp"
#include "db/conninfo.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

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

} // namespace

std::string show_config(const texts& given, output_format format, const wrong_settings& wrong,
                        std::size_t width) {
    if (format == output_format::json) {
        boost::json::array rows;
        for (const auto& setting : options()) {
            const auto& text = given[setting.environment];
            boost::json::object row;
            row["environment"] = setting.environment;
            row["alias"] =
                setting.alias.empty() ? boost::json::value(nullptr) : boost::json::value(setting.alias);
            row["flag"] =
                setting.flag.empty() ? boost::json::value(nullptr) : boost::json::value(setting.flag);
            row["value"] = text.set() ? boost::json::value(valid_utf8(shown(setting, text, wrong)))
                                      : boost::json::value(nullptr);
            row["source"] = to_string(text.from);
            row["secret"] = setting.is_secret();
            rows.emplace_back(std::move(row));
        }
        return boost::json::serialize(boost::json::object{{"schema", "event-archiver/config/v1"},
                                                          {"settings", std::move(rows)}}) +
               "\n";
    }
    text_table table("lll", {"SETTING", "SOURCE", "VALUE"});
    for (const auto& setting : options()) {
        const auto& text = given[setting.environment];
        table.add({std::string(setting.environment), std::string(to_string(text.from)),
                   shown(setting, text, wrong)});
    }
    return table.text(width);
}

} // namespace app
