// A database in the form of Java programs: a URL, with user and password apart.
// Tested by tests/unit/app/settings/database_url_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace app {

struct database_url {
    std::string conninfo; // as libpq takes it
    std::string mistake;  // a clause; empty: no mistake. Holds no password
};

// `url`: jdbc:postgresql://host:port/name?…, or the same without `jdbc:`. `user` and `password` take
// precedence over those in it; they may be empty.
[[nodiscard]] database_url conninfo_from_url(std::string_view url, std::string_view user,
                                             std::string_view password);

} // namespace app
