// A database as Java programs name it: a URL, and user and password apart.
// Tested by tests/unit/app/settings/database_url_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace app {

struct database_url {
    std::string conninfo; // as libpq takes it
    std::string mistake;  // a clause; empty: none. Holds no password
};

// `url`: jdbc:postgresql://host:port/name?…, or the same without `jdbc:`. What `user` and `password` say
// counts instead of what is in it; they may be empty.
[[nodiscard]] database_url conninfo_from_url(std::string_view url, std::string_view user,
                                             std::string_view password);

} // namespace app
