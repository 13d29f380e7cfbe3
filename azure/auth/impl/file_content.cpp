#include "azure/auth/impl/file_content.hpp"

#include "async/error.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace azure {

using async::awaitable;

namespace {

constexpr std::size_t size_max = std::size_t{1} << 20;

[[noreturn]] void refuse_file(const std::string& path, std::string_view problem) {
    throw async::error(async::failure::usage, fmt::format("the file '{}' {}", path, problem),
                       "AZURE_FEDERATED_TOKEN_FILE and AZURE_CLIENT_CERTIFICATE_PATH name files that must be "
                       "there and readable.");
}

std::string read(const std::string& path) {
    auto content = async::read_text(path, size_max);
    if (!content.mistake.empty())
        refuse_file(path, content.mistake);
    return std::move(content.text);
}

} // namespace

awaitable<std::string> file_content(std::string path, async::helper_thread& helper) {
    const auto content = std::make_shared<std::string>();
    std::function<void()> call = [content, path] { *content = read(path); };
    co_await helper.run(std::move(call));
    if (content->find_first_not_of(" \t\r\n") == std::string::npos)
        refuse_file(path, "is empty");
    co_return *content;
}

} // namespace azure
