#include "azure/auth/impl/file_content.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <functional>
#include <memory>

namespace azure {

using async::awaitable;

namespace {

constexpr std::size_t size_max = std::size_t{1} << 20;

[[noreturn]] void refuse_file(const std::string& path, const char* problem) {
    throw async::error(async::failure::usage, fmt::format("the file '{}' {}", path, problem),
                       "AZURE_FEDERATED_TOKEN_FILE and AZURE_CLIENT_CERTIFICATE_PATH name files that must be "
                       "there and readable.");
}

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content;
    std::array<char, 4096> part{};
    while (content.size() <= size_max && (file.read(part.data(), part.size()) || file.gcount() > 0))
        content.append(part.data(), static_cast<std::size_t>(file.gcount()));
    if (content.size() > size_max)
        refuse_file(path, "is larger than a megabyte");
    if (!file.eof())
        refuse_file(path, "cannot be read");
    return content;
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
