#include "tests/launch/support/slurm_cluster.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <thread>

#include "core/check.h"
#include "core/file_system.h"
#include "core/strings.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

constexpr const char* kController = "/usr/sbin/slurmctld";
constexpr const char* kNode = "/usr/sbin/slurmd";

// Two ports that nobody listens on, held together so that they differ.
std::array<int, 2> FreePorts() {
  std::array<int, 2> sockets{};
  std::array<int, 2> ports{};
  for (size_t i = 0; i < ports.size(); ++i) {
    sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    JOURNEYMAN_CHECK(bind(sockets[i], generic, size) == 0, "no free port");
    JOURNEYMAN_CHECK(getsockname(sockets[i], generic, &size) == 0, "no name of a socket");
    ports[i] = ntohs(address.sin_port);
  }
  for (const int fd : sockets) close(fd);
  return ports;
}

std::string HostName() {
  std::array<char, 256> name{};
  JOURNEYMAN_CHECK(gethostname(name.data(), name.size() - 1) == 0, "no host name");
  return name.data();
}

// No munge, no cgroups, no accounting; what a job needs to be requeued within seconds
// is cred_expire (5 is the least that 22.05 takes).
std::string Configuration(const fs::path& directory) {
  const std::string host = HostName();
  const auto [controller_port, node_port] = FreePorts();
  std::string text = StrCat("ClusterName=journeyman\nSlurmctldHost=", host, "(127.0.0.1)\n",
                            "SlurmctldPort=", controller_port, "\nSlurmdPort=", node_port, "\n");
  for (const char* line :
       {"SlurmUser=root", "SlurmdUser=root", "AuthType=auth/none", "CredType=cred/none",
        "AuthInfo=cred_expire=5", "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none",
        "JobAcctGatherType=jobacct_gather/none",
        "AccountingStorageType=accounting_storage/none", "SelectType=select/cons_tres",
        "SelectTypeParameters=CR_Core", "SlurmdParameters=config_overrides", "MpiDefault=none",
        "ReturnToService=2", "SwitchType=switch/none", "KillWait=2",
        "SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1"}) {
    text += StrCat(line, "\n");
  }
  for (const auto& [key, name] : std::vector<std::pair<const char*, const char*>>{
           {"StateSaveLocation", "state"}, {"SlurmdSpoolDir", "spool"},
           {"SlurmctldPidFile", "slurmctld.pid"}, {"SlurmdPidFile", "slurmd.pid"},
           {"SlurmctldLogFile", "slurmctld.log"}, {"SlurmdLogFile", "slurmd.log"},
           {"PlugStackConfig", "plugstack.conf"}}) {
    text += StrCat(key, "=", (directory / name).string(), "\n");
  }
  return StrCat(text, "NodeName=", host, " NodeAddr=127.0.0.1 CPUs=4 RealMemory=2000 ",
                "State=UNKNOWN\nPartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE ",
                "State=UP\n");
}

}  // namespace

void AwaitCondition(const std::string& what, int limit_s, const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(limit_s);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "waited " << limit_s << " s for " << what;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string SlurmCluster::Missing() {
  for (const char* program : {kController, kNode, "/usr/bin/sbatch", "/usr/bin/srun"}) {
    if (!fs::exists(program)) return StrCat(program, " is not there (tools/setup installs it)");
  }
  return geteuid() == 0 ? "" : "a private SLURM cluster needs root";
}

SlurmCluster::SlurmCluster(const fs::path& directory) {
  for (const char* name : {"state", "spool"}) fs::create_directories(directory / name);
  const std::string file = (directory / "slurm.conf").string();
  std::ofstream(directory / "plugstack.conf").flush();
  std::ofstream(file) << Configuration(directory);
  environment_["SLURM_CONF"] = file;
  controller_ = std::make_unique<RunningProgram>(
      std::vector<std::string>{kController, "-D", "-f", file}, environment_);
  node_ = std::make_unique<RunningProgram>(
      std::vector<std::string>{kNode, "-D", "-f", file, "-N", HostName()}, environment_);
  AwaitCondition("a node that takes jobs", /*limit_s=*/20, [&] {
    return Run({"sinfo", "--noheader", "--format=%T"}).out == "idle\n";
  });
}

SlurmCluster::~SlurmCluster() {
  Run({"scancel", "--user=root"});
  for (RunningProgram* daemon : {node_.get(), controller_.get()}) {
    daemon->Signal(SIGTERM);
    daemon->Wait(/*limit_s=*/20);
  }
}

ProgramEnd SlurmCluster::Run(const std::vector<std::string>& command) const {
  return RunProgram(command, environment_);
}

std::string SlurmCluster::AwaitEnd(const std::string& job_id) const {
  std::string job;
  AwaitCondition("the end of job " + job_id, /*limit_s=*/60, [&] {
    job = Run({"scontrol", "--oneliner", "show", "job", job_id}).out;
    for (const char* state : {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}) {
      if (job.find(StrCat("JobState=", state, " ")) != std::string::npos) return true;
    }
    return false;
  });
  return job;
}

}  // namespace journeyman::testing
