using System.Globalization;
using ArrowCid.Channels;
using ArrowCid.Memory;

namespace ArrowCid.Tests.Channels.Simulation;

/// <summary>
/// Some participants, a network and their clocks, all from one seed: messages are lost, repeated and reordered, the
/// network is parted, clocks jump, processes crash, stores are full, and one peer sends what it likes. Then the faults
/// end, and all must have the same log.
/// </summary>
internal sealed class ChannelSimulation
{
    private const ulong Start = 1_764_547_200_000;
    private const ulong FaultsEnd = Start + 40_000;
    private const ulong BeatEach = 5_000;
    private const ulong End = FaultsEnd + 90_000;
    private const int Nodes = 4;
    private const int Messages = 16;

    private readonly Random _random;
    private readonly SimulatedNode[] _nodes;
    private readonly PriorityQueue<Action, (ulong Time, int Number)> _agenda = new();
    private readonly double _loss;
    private readonly int[] _side = new int[Nodes];
    private readonly List<byte[]> _overheard = [];
    private readonly Dictionary<Digest256, int> _published = [];
    private ulong _time = Start;
    private int _number;

    private ChannelSimulation(int seed, bool waitsForParents)
    {
        _random = new Random(seed);
        _loss = _random.NextDouble() / 2;
        var channel = new ChannelBlock
        {
            Name = "simulated",
            At = Start,
            Nonce = new byte[ChannelBlock.NonceBytes],
            Writers = null,
            RepairMin = 1_000,
            RepairMax = 8_000,
        };
        Cid cid = Cid.Sha256(Multicodec.DagCbor, channel.Encode());
        _nodes = [.. Enumerable.Range(0, Nodes).Select(number => new SimulatedNode(channel, cid, number, waitsForParents))];
    }

    /// <summary>Runs a seed.</summary>
    /// <returns>What went wrong; null where nothing did.</returns>
    public static string? Run(int seed, bool waitsForParents = true) =>
        new ChannelSimulation(seed, waitsForParents).Run() is { } fault
            ? string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {fault}") : null;

    private string? Run()
    {
        for (int i = 0; i < Messages; i++)
        {
            int payload = i, writer = _random.Next(Nodes);
            At(Between(Start, FaultsEnd), () => Publish(writer, payload));
        }

        for (int node = 0; node < Nodes; node++)
        {
            int one = node;
            for (ulong time = Start + (ulong)_random.Next((int)BeatEach); time < End; time += BeatEach) At(time, () => Beat(one));
        }

        for (int i = 0; i < 8; i++) At(Between(Start, FaultsEnd), Disturb);
        for (int i = 0; i < 12; i++) At(Between(Start, FaultsEnd), Attack);
        At(FaultsEnd, Heal);
        while (_agenda.TryDequeue(out Action? act, out (ulong Time, int Number) when))
        {
            if (when.Time > End) break;
            _time = when.Time;
            act();
        }

        return Judge();
    }

    private string? Judge()
    {
        foreach (SimulatedNode node in _nodes)
        {
            if (node.Violation is { } violation) return violation;
        }

        string first = LogOf(_nodes[0]);
        for (int i = 1; i < Nodes; i++)
        {
            if (LogOf(_nodes[i]) != first) return $"the logs of 0 and {i} differ: {_nodes[0].Engine.Count} and {_nodes[i].Engine.Count}";
            if (!_nodes[i].Engine.Heads.SequenceEqual(_nodes[0].Engine.Heads)) return $"the heads of 0 and {i} differ";
        }

        foreach ((Digest256 digest, int writer) in _published)
        {
            if (!_nodes[writer].Engine.IsDelivered(in digest)) return $"a message that {writer} had synced is gone";
        }

        foreach ((Digest256 message, Digest256 participant) in _nodes.SelectMany(node => node.Acks))
        {
            // A changed beat may name a participant that does not exist.
            SimulatedNode? other = _nodes.SingleOrDefault(node => node.Me == participant);
            if (other?.Engine.IsDelivered(in message) == false) return $"{participant} was said to have {message}";
        }

        return null;
    }

    private static string LogOf(SimulatedNode node) => string.Join(' ', node.Store.Order
        .Where(message => node.Engine.IsDelivered(message.Digest))
        .OrderBy(message => message.At).ThenBy(message => message.Digest.ToString(), StringComparer.Ordinal)
        .Select(message => message.Digest));

    private void Publish(int writer, int payload)
    {
        if (_nodes[writer].Publish(_time, payload) is not { } message) return;
        Send(writer, [ChannelExchange.SayMessage(message)], to: null);
        _published.Add(message.Digest, writer);
    }

    private void Beat(int node) => Send(node, [_nodes[node].Beat(_time)], to: null);

    /// <summary>What is not synced is not sent.</summary>
    private void Send(int from, IReadOnlyList<byte[]> lists, int? to)
    {
        _nodes[from].Store.Sync();
        foreach (byte[] list in lists)
        {
            if (_random.Next(4) == 0) _overheard.Add(list);
            for (int node = 0; node < Nodes; node++)
            {
                if (node == from || (to is { } only && node != only)) continue;
                bool isFaulty = _time < FaultsEnd;
                if (isFaulty && (_side[from] != _side[node] || _random.NextDouble() < _loss)) continue;
                int copies = isFaulty && _random.Next(10) == 0 ? 2 : 1;
                for (int copy = 0; copy < copies; copy++)
                {
                    int receiver = node;
                    At(_time + (ulong)_random.Next(1, isFaulty ? 3_000 : 50), () => Send(receiver,
                        _nodes[receiver].Take(list, _time), from));
                }
            }
        }
    }

    private void Disturb()
    {
        SimulatedNode node = _nodes[_random.Next(Nodes)];
        switch (_random.Next(5))
        {
            case 0: for (int i = 0; i < Nodes; i++) _side[i] = _random.Next(2); break;
            case 1: Array.Clear(_side); break;
            case 2: node.ClockError = _random.Next(-3_500_000, 3_500_000); break;
            case 3: node.Crash(); break;
            default: node.Store.IsFull = !node.Store.IsFull; break;
        }
    }

    /// <summary>A peer that sends what it has heard, changed, and messages that follow what does not exist.</summary>
    private void Attack()
    {
        byte[] list;
        if (_overheard.Count > 0 && _random.Next(4) > 0)
        {
            list = [.. _overheard[_random.Next(_overheard.Count)]];
            for (int i = _random.Next(1, 4); i > 0; i--) list[_random.Next(list.Length)] ^= (byte)(1 << _random.Next(8));
            if (_random.Next(4) == 0) list = list[.._random.Next(1, list.Length)];
        }
        else
        {
            var bytes = new byte[Digest256.ByteCount];
            _random.NextBytes(bytes);
            var draft = new MessageDraft
            {
                Channel = _nodes[0].Engine.Cid,
                At = _random.Next(2) == 0 ? MessageBlock.MaxTime : _time,
                Parents = _random.Next(2) == 0 ? [] : [new Digest256(bytes)],
                Writer = new Digest256(bytes),
                Run = 1,
                Sequence = 1,
                Content = new MessageContent { Bytes = bytes },
            };
            list = ChannelExchange.SayMessage(MessageBlock.Create(draft, null));
        }

        int receiver = _random.Next(Nodes);
        At(_time + 1, () => Send(receiver, _nodes[receiver].Take(list, _time), receiver));
    }

    private void Heal()
    {
        Array.Clear(_side);
        foreach (SimulatedNode node in _nodes) (node.ClockError, node.Store.IsFull) = (0, false);
    }

    private void At(ulong time, Action act) => _agenda.Enqueue(act, (time, _number++));

    private ulong Between(ulong from, ulong to) => from + (ulong)_random.NextInt64((long)(to - from));
}
