// A log that keeps its lines: "event: message key=value key=value".
#pragma once

#include "async/log.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

namespace test_support {

class kept_log final : public async::log {
  public:
    std::vector<std::string> lines;

  private:
    void write(async::log_level, std::string_view event, std::string_view message,
               std::span<const async::log_field> fields) override {
        const auto text = [](const auto& value) { return fmt::format("{}", value); };
        auto line = fmt::format("{}: {}", event, message);
        for (const auto& field : fields)
            line += fmt::format(" {}={}", field.key, std::visit(text, field.value));
        lines.push_back(std::move(line));
    }
};

} // namespace test_support
