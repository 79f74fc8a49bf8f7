/*
 * C++: nearly all time in Worker<int>::run, reached through a virtual call, a std::function, a
 * template and an exception that is thrown and caught on each round:
 * main -> outer<int> -> std::function -> Worker<int>::run.
 */
#include "work.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct Base {
	virtual ~Base() = default;
	virtual int run(unsigned int ms) = 0;
};

template <typename T> struct Worker : Base {
	std::vector<T> values;

	__attribute__((noinline)) int run(unsigned int ms) override
	{
		values.push_back(static_cast<T>(ms));
		WORK_MS(ms);
		throw std::runtime_error(std::to_string(values.size()));
	}
};

template <typename T>
__attribute__((noinline)) int outer(const std::function<int(unsigned int)> &work, unsigned int ms)
{
	int n_caught = 0;

	for (unsigned int done = 0; done < ms; done += 20) {
		try {
			n_caught += work(20);
		} catch (const std::exception &exception) {
			n_caught += std::atoi(exception.what()) > 0;
		}
	}
	return n_caught;
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? static_cast<unsigned int>(std::atoi(argv[1])) : 1000;
	std::unique_ptr<Base> worker = std::make_unique<Worker<int>>();

	return outer<int>([&worker](unsigned int slice) { return worker->run(slice); }, ms) == 0;
}
