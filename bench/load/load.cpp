// Asks one path over and over on kept-alive connections, and prints requests a second and how long they took:
//     load HOST PORT PATH CONNECTIONS SECONDS                   GET
//     load HOST PORT PATH CONNECTIONS SECONDS TYPE FILE [AUTHORIZATION]   POST of the file's content
#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

struct client {
    int socket = -1;
    clock_type::time_point asked;
    std::string received;
};

[[noreturn]] void fail(const char* attempt) {
    throw std::runtime_error(fmt::format("{}: {}", attempt, std::strerror(errno)));
}

template <typename Number>
Number number(std::string_view text) {
    Number value{};
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
        throw std::runtime_error(fmt::format("'{}' is no number", text));
    return value;
}

// The size of a whole answer at the front of `bytes`, or 0.
std::size_t answer_size(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return 0;
    if (!bytes.starts_with("HTTP/1.1 200 ") && !bytes.starts_with("HTTP/1.1 201 "))
        throw std::runtime_error(fmt::format("an answer is neither 200 nor 201: {}", bytes.substr(0, end)));
    std::string head(bytes.substr(0, end));
    std::ranges::transform(head, head.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto at = head.find("content-length: ");
    if (at == std::string::npos)
        throw std::runtime_error("an answer has no length");
    const auto size = end + 4 + number<std::size_t>(std::string_view(head).substr(at + 16));
    return bytes.size() >= size ? size : 0;
}

class load {
  public:
    load(const char* host, std::uint16_t port, std::string request, std::size_t connections)
        : request_(std::move(request))
        , clients_(connections) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(port);
        if (::inet_pton(AF_INET, host, &place.sin_addr) != 1)
            throw std::runtime_error("give the host as an IPv4 address");
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            auto& one = clients_[i];
            one.socket = ::socket(AF_INET, SOCK_STREAM, 0);
            if (one.socket < 0 ||
                ::connect(one.socket, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0)
                fail("connect");
            const int yes = 1;
            ::setsockopt(one.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            ::epoll_ctl(poll_, EPOLL_CTL_ADD, one.socket, &event);
            ask(one);
        }
    }
    ~load() {
        for (const auto& one : clients_)
            ::close(one.socket);
        ::close(poll_);
    }
    load(const load&) = delete;
    load& operator=(const load&) = delete;

    void run_until(clock_type::time_point end) {
        std::array<epoll_event, 256> events{};
        while (clock_type::now() < end) {
            const int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 100);
            for (int i = 0; i < ready; ++i)
                hear(clients_[events.at(static_cast<std::size_t>(i)).data.u64]);
        }
    }
    [[nodiscard]] std::vector<double>& milliseconds() { return milliseconds_; }

  private:
    void ask(client& one) {
        one.asked = clock_type::now();
        std::string_view rest = request_;
        while (!rest.empty()) { // what the socket does not take at once is waited for: others wait too
            const auto sent = ::send(one.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                fail("send");
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void hear(client& one) {
        std::array<char, 65536> bytes{};
        const auto got = ::recv(one.socket, bytes.data(), bytes.size(), 0);
        if (got <= 0)
            fail("the server has closed a connection");
        one.received.append(bytes.data(), static_cast<std::size_t>(got));
        const auto size = answer_size(one.received);
        if (size == 0)
            return;
        one.received.erase(0, size);
        milliseconds_.push_back(
            std::chrono::duration<double, std::milli>(clock_type::now() - one.asked).count());
        ask(one);
    }

    std::string request_;
    std::vector<client> clients_;
    std::vector<double> milliseconds_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
};

std::string content_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string request_of(int count, char** arguments) {
    const auto head =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", count > 6 ? "POST" : "GET", arguments[3], arguments[1]);
    if (count <= 6)
        return head + "\r\n";
    const auto body = content_of(arguments[7]);
    return fmt::format("{}{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}", head,
                       count > 8 ? fmt::format("Authorization: {}\r\n", arguments[8]) : std::string(),
                       arguments[6], body.size(), body);
}

} // namespace

int main(int count, char** arguments) {
    try {
        if (count < 6 || count == 7 || count > 9)
            throw std::runtime_error(
                "usage: load HOST PORT PATH CONNECTIONS SECONDS [TYPE FILE [AUTHORIZATION]]");
        load all(arguments[1], number<std::uint16_t>(arguments[2]), request_of(count, arguments),
                 number<std::size_t>(arguments[4]));
        const auto seconds = number<double>(arguments[5]);
        all.run_until(clock_type::now() + std::chrono::duration_cast<clock_type::duration>(
                                              std::chrono::duration<double>(seconds / 4)));
        all.milliseconds().clear(); // it has warmed up
        const auto began = clock_type::now();
        all.run_until(
            began + std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(seconds)));
        const std::chrono::duration<double> took = clock_type::now() - began;
        auto& each = all.milliseconds();
        if (each.empty())
            throw std::runtime_error("no request was answered");
        std::ranges::sort(each);
        const auto at = [&each](double part) {
            return each[std::min(each.size() - 1,
                                 static_cast<std::size_t>(part * static_cast<double>(each.size())))];
        };
        fmt::print("{{\"per_second\":{:.1f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"max_ms\":{:.3f}}}\n",
                   static_cast<double>(each.size()) / took.count(), at(0.5), at(0.99), each.back());
        return 0;
    } catch (const std::exception& failed) {
        fmt::print(stderr, "load: {}\n", failed.what());
        return 1;
    }
}
