// A JSON document as text, with numbers as people and scripts write them.
// Tested by tests/unit/app/text/json_text_test.cpp.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace app {

// As boost::json::serialize, which writes 2.5 as 2.5E0 and 1.0 as 1E0.
[[nodiscard]] std::string json_text(const boost::json::value& document);

} // namespace app
