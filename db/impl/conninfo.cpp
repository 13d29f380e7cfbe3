#include "db/impl/conninfo.hpp"

#include "async/regular_file.hpp"
#include "db/conninfo.hpp"
#include "db/impl/libpq.hpp"
#include "db/impl/server_error.hpp"
#include "db/impl/target.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace db {

namespace {

// A peer that vanished is noticed after a minute of silence (30 + 3 x 10 s). Keepalives do not run while sent
// bytes are unacknowledged; that is what tcp_user_timeout is for. It is longer because it also ends a
// connection whose peer does not read (tcp(7)): a server that waits for a lock in the middle of COPY FROM.
constexpr std::array<std::array<const char*, 2>, 5> settings_wanted{{{"keepalives", "1"},
                                                                     {"keepalives_idle", "30"},
                                                                     {"keepalives_interval", "10"},
                                                                     {"keepalives_count", "3"},
                                                                     {"tcp_user_timeout", "120000"}}};

bool gives(const settings& given, std::string_view keyword) {
    return std::any_of(given.begin(), given.end(),
                       [&](const setting& each) { return each.keyword == keyword; });
}

bool is_word(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// A bare word may be a password that was given alone: only the name of an option is no secret. One that ends
// in
// '=' alone may be the end of a secret in Base64.
bool is_option(std::string_view word, std::string_view conninfo) {
    constexpr std::array<std::string_view, 6> names{"host", "port", "user", "dbname", "sslmode", "service"};
    if (std::find(names.begin(), names.end(), word) != names.end())
        return true;
    const auto at = conninfo.find(word);
    if (word.empty() || at == std::string_view::npos)
        return false;
    auto rest = conninfo.substr(at + word.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return rest.size() > 1 && rest[0] == '=' && rest[1] != '=';
}

// A misspelt option helps; but in "password=my secret" the misspelt option is the secret.
bool may_show(std::string_view quoted, std::string_view conninfo) {
    const auto scheme = conninfo.find("://");
    const auto rest = scheme == std::string_view::npos ? std::string_view() : conninfo.substr(scheme + 3);
    const bool may_have_password =
        conninfo.find("pass") != std::string_view::npos || rest.find_first_of(":@") != std::string_view::npos;
    return quoted == "=" || quoted == "]" || quoted == ":" || quoted == "/" ||
           (is_word(quoted) && is_option(quoted, conninfo) && !may_have_password);
}

// libpq and OpenSSL open these themselves, and would wait until a process writes to a FIFO.
std::optional<std::string> file_mistake(const settings& given) {
    constexpr std::array<std::array<const char*, 2>, 5> files{{{"sslrootcert", "PGSSLROOTCERT"},
                                                               {"sslcert", "PGSSLCERT"},
                                                               {"sslkey", "PGSSLKEY"},
                                                               {"sslcrl", "PGSSLCRL"},
                                                               {"", "PGSERVICEFILE"}}};
    for (const auto& [keyword, variable] : files) {
        const char* path = std::getenv(variable);
        std::string_view named = variable;
        for (const auto& each : given)
            if (each.keyword == keyword) {
                path = each.value.c_str();
                named = keyword;
            }
        if (path != nullptr && async::would_wait(path))
            return "'" + std::string(named) + "' does not name a regular file";
    }
    return std::nullopt;
}

settings named_in(const conninfo_handle& parsed) {
    settings given;
    for (const PQconninfoOption* option = parsed.get(); option && option->keyword != nullptr; ++option) {
        if (option->val != nullptr && *option->val != '\0')
            given.push_back({option->keyword, option->val});
    }
    return given;
}

} // namespace

std::string without_secrets(std::string_view complaint, std::string_view conninfo) {
    std::string safe;
    while (!complaint.empty()) {
        const auto opening = complaint.find('"');
        safe += complaint.substr(0, opening);
        if (opening == std::string_view::npos)
            break;
        complaint.remove_prefix(opening + 1);
        // The text that is quoted may hold quotes itself: then nothing after the first is safe to show.
        const auto closing = complaint.find('"');
        const auto quoted = complaint.substr(0, closing);
        if (may_show(quoted, conninfo)) {
            safe.append("\"").append(quoted).append("\"");
        } else {
            safe += "\"***\"";
            const bool ambiguous = conninfo.find('"') != std::string_view::npos;
            if (ambiguous)
                break;
        }
        if (closing == std::string_view::npos)
            break;
        complaint.remove_prefix(closing + 1);
    }
    return one_line(safe);
}

std::optional<std::string> conninfo_mistake(const std::string& conninfo) {
    char* complaint = nullptr;
    const conninfo_handle parsed(PQconninfoParse(conninfo.c_str(), &complaint));
    const text_handle owned(complaint);
    if (!parsed)
        return without_secrets(complaint ? complaint : "out of memory", conninfo);
    const auto given = named_in(parsed);
    if (auto mistake = target_mistake(given, conninfo))
        return mistake;
    return file_mistake(given);
}

std::string conninfo_value(std::string_view text) {
    std::string quoted = "'";
    for (const char each : text) {
        if (each == '\'' || each == '\\')
            quoted += '\\';
        quoted += each;
    }
    return quoted + "'";
}

settings settings_given(const std::string& conninfo) {
    if (const auto mistake = conninfo_mistake(conninfo))
        throw error(async::failure::usage, *mistake, {}, false);
    return named_in(conninfo_handle(PQconninfoParse(conninfo.c_str(), nullptr)));
}
settings settings_for_libpq(const connect_options& options) {
    settings all = settings_given(options.conninfo);
    for (const auto& [keyword, value] : settings_wanted) {
        if (!gives(all, keyword))
            all.push_back({keyword, value});
    }
    if (options.password && !gives(all, "sslmode") && std::getenv("PGSSLMODE") == nullptr)
        all.push_back({"sslmode", "require"});
    // The last of a keyword counts. No `options`: PgBouncer refuses that parameter, and most others.
    all.push_back({"client_encoding", "UTF8"});
    if (!options.application_name.empty() && !gives(all, "fallback_application_name"))
        all.push_back({"fallback_application_name", options.application_name});
    return all;
}

std::chrono::seconds connect_timeout_of(const connect_options& options) {
    std::string_view text;
    const settings given = settings_given(options.conninfo);
    const auto named = std::find_if(given.begin(), given.end(),
                                    [](const setting& each) { return each.keyword == "connect_timeout"; });
    if (named != given.end())
        text = named->value;
    else if (const char* variable = std::getenv("PGCONNECT_TIMEOUT"))
        text = variable;
    int seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds > 0 ? std::chrono::seconds(seconds) : options.connect_timeout;
}

} // namespace db
