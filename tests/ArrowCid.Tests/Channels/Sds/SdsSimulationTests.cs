using ArrowCid.Channels.Sds;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>
/// Participants on a broadcast network that loses, repeats and reorders, with restarts, on one virtual clock from one seed:
/// no message before what it depends on, each once in a run, and in the end all have the same history and every own message
/// is acknowledged. Without the wait for dependencies the check must fail.
/// </summary>
public sealed class SdsSimulationTests
{
    private const int Participants = 4, Messages = 24;

    private static int Seeds => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 2_000 : 12;

    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Participants_converge_over_a_lossy_network(SdsDialect dialect)
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("ARROWCID_SEED"), out int given) ? given : 1;
        for (int seed = first; seed < first + Seeds; seed++)
        {
            try
            {
                new Run(seed, dialect, waits: true).ToEnd();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }
    }

    [Fact]
    public void Check_of_the_causal_order_fails_without_the_wait_for_dependencies()
    {
        int broken = 0;
        for (int seed = 1; seed <= 5; seed++)
        {
            try
            {
                new Run(seed, SdsDialect.Nim, waits: false).ToEnd();
            }
            catch (Xunit.Sdk.TrueException)
            {
                broken++;
            }
        }

        Assert.Equal(5, broken);
    }

    private sealed class Run
    {
        private readonly Random _random;
        private readonly ManualClock _clock = new(SdsNode.Start);
        private readonly SdsDialect _dialect;
        private readonly bool _waits;
        private readonly PriorityQueue<(int To, byte[] Bytes), DateTimeOffset> _wire = new();
        private readonly MemoryStorage[] _storages = [.. Enumerable.Range(0, Participants).Select(_ => new MemoryStorage())];
        private readonly SdsParticipant[] _participants = new SdsParticipant[Participants];
        private readonly HashSet<string>[] _delivered = [.. Enumerable.Range(0, Participants).Select(_ => new HashSet<string>())];
        private readonly HashSet<string> _acknowledged = [];
        private readonly List<string> _sent = [];
        private double _loss = 0.3;

        public Run(int seed, SdsDialect dialect, bool waits)
        {
            (_random, _dialect, _waits) = (new Random(seed), dialect, waits);
            for (int i = 0; i < Participants; i++) Open(i);
        }

        public void ToEnd()
        {
            for (int i = 0; i < Messages; i++)
            {
                int from = _random.Next(Participants);
                string id = $"m{i:d2}";
                Broadcast(from, _participants[from].Wrap([(byte)i], id, SdsNode.Channel));
                _delivered[from].Add(id);
                _sent.Add(id);
                Pass(_random.Next(20));
                if (_random.Next(8) == 0) Open(_random.Next(Participants));
            }

            _loss = 0;
            for (int hours = 0; hours < 24 && !IsDone(); hours++) Pass(600);
            foreach (SdsParticipant each in _participants)
            {
                Assert.Equal(_sent.Order(StringComparer.Ordinal), each.History(SdsNode.Channel).Select(m => m.Id).Order(StringComparer.Ordinal));
                Assert.Equal(_participants[0].History(SdsNode.Channel).Select(m => m.Id), each.History(SdsNode.Channel).Select(m => m.Id));
                Assert.Empty(each.Waiting(SdsNode.Channel));
            }

            Assert.Equal(_sent, _acknowledged.Order(StringComparer.Ordinal));
        }

        private bool IsDone() => _acknowledged.Count == _sent.Count
            && _participants.All(each => each.History(SdsNode.Channel).Count == _sent.Count);

        private void Open(int i)
        {
            _participants[i] = new SdsParticipant($"p{i}", new SdsOptions
            {
                Dialect = _dialect,
                Clock = _clock,
                Storage = _storages[i],
                OnEvent = e => Hear(i, e),
                FilterCapacity = 50,
            });
            _participants[i].OpenChannel(SdsNode.Channel);
        }

        private void Hear(int i, SdsEvent e)
        {
            if (!e.Bytes.IsEmpty) Broadcast(i, e.Bytes.ToArray());
            if (e.Kind == SdsEventKind.Acknowledged)
            {
                _acknowledged.Add(e.MessageId);
                int who = e.ParticipantId[1] - '0';
                Assert.True(_delivered[who].Contains(e.MessageId), $"{e.MessageId} is acknowledged by p{who}, which lacks it");
            }

            if (e.Kind != SdsEventKind.Delivered) return;
            foreach (SdsHistoryEntry entry in e.Message!.CausalHistory)
            {
                Assert.True(_delivered[i].Contains(entry.MessageId) || entry.MessageId.StartsWith("sync", StringComparison.Ordinal),
                    $"{e.MessageId} before {entry.MessageId}");
            }

            Assert.True(_delivered[i].Add(e.MessageId), $"{e.MessageId} twice");
        }

        private void Broadcast(int from, byte[] bytes)
        {
            for (int to = 0; to < Participants; to++)
            {
                if (to == from) continue;
                while (_random.NextDouble() < 0.1) Send(to, bytes);
                if (_random.NextDouble() >= _loss) Send(to, bytes);
            }
        }

        private void Send(int to, byte[] bytes) =>
            _wire.Enqueue((to, bytes), _clock.GetUtcNow() + TimeSpan.FromMilliseconds(_random.Next(1, 30_000)));

        private void Pass(int seconds)
        {
            for (int i = 0; i < seconds; i++)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                while (_wire.TryPeek(out (int To, byte[] Bytes) next, out DateTimeOffset at) && at <= _clock.GetUtcNow())
                {
                    _wire.Dequeue();
                    SdsReceived received = _participants[next.To].Unwrap(next.Bytes);
                    // The rule taken out: what waits is let through.
                    if (!_waits && received.Receipt == SdsReceipt.Waiting)
                    {
                        _participants[next.To].MarkMet(received.Missing.Select(entry => entry.MessageId), SdsNode.Channel);
                    }
                }

                foreach (SdsParticipant each in _participants) each.Sweep();
            }
        }
    }
}
