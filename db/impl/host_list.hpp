// A connection string with several hosts, as one for each of them. libpq's nonblocking calls leave the time
// limit to the caller, and give the caller no way to go on to the next host: one that does not answer, as a
// machine that is off, would hold each try until its end.
#pragma once

#include "db/impl/conninfo.hpp"

#include <string>
#include <vector>

namespace db {

struct listed_server {
    settings wanted;
    std::string name; // as libpq writes it: server at "db2", port 5432; empty if it is the only one
};

// In the order in which they are tried; one, as it is given, if there is no list, if libpq
// refuses the list, or if a service is named, whose settings libpq alone knows. `prefer-standby` needs two
// rounds, as in libpq: standbys first, then any. Reads the service file: call it where that may block.
[[nodiscard]] std::vector<listed_server> one_for_each_host(const settings& all);

} // namespace db
