#include "archive/session_names.hpp"

#include <fmt/format.h>

#include <string_view>

namespace archive {

namespace {

std::string describe_session(const db::result& found, int row) {
    const auto user = found.text(row, 1);
    const auto application = found.text(row, 2);
    auto text = fmt::format("pid {}", found.text(row, 0));
    if (!user.empty() || !application.empty())
        text += fmt::format(" ({}{}{}{}{})", user.empty() ? "" : "user ", user,
                            user.empty() || application.empty() ? "" : ", ",
                            application.empty() ? "" : "application ", application);
    return text;
}

} // namespace

std::string describe_sessions(const db::result& found) {
    std::string all;
    for (int row = 0; row < found.rows(); ++row) {
        if (row > 0 && found.text(row, 0) == found.text(row - 1, 0))
            continue;
        all += (all.empty() ? "" : ", ") + describe_session(found, row);
    }
    return all;
}

} // namespace archive
