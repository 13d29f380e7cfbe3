// Warnings about connections to other machines without encryption.
#pragma once

#include "app/settings/configuration.hpp"
#include "archive/look/preflight.hpp"
#include "async/log.hpp"
#include "db/connection.hpp"

#include <functional>
#include <string>

namespace app {

// Warns of a lake that is reached over http://. Once a run.
void warn_of_clear_text(const configuration& settings, async::log& log);

// Call it for each connection to the database. Warns once, by name, of one that is neither encrypted nor on
// this machine. `log` must outlive it.
[[nodiscard]] std::function<void(const db::link_facts&)> clear_text_watch(std::string target,
                                                                          async::log& log);

// The line `encryption` of `check`.
[[nodiscard]] archive::check_line judge_encryption(const db::link_facts& link);

} // namespace app
