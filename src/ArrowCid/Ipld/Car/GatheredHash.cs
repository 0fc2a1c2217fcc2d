using ArrowCid.Memory;

namespace ArrowCid.Ipld.Car;

/// <summary>
/// Hashes many messages of no great length: they are gathered in a window of memory and hashed side by side, while the
/// caller fills the next one. Two windows are all the memory that it takes.
/// </summary>
internal sealed class GatheredHash : IDisposable
{
    /// <summary>The most bytes of a message.</summary>
    public const int MaxMessage = WindowBytes / 2;

    /// <summary>The bytes of a window.</summary>
    public const int WindowBytes = 16 << 20;

    private readonly SideTask _side = new();
    private readonly Action<int, Digest256> _take;
    private Window _filling, _other;

    /// <param name="bytes">The approximate total: less than a window takes less memory.</param>
    /// <param name="take">Gets each message's number and digest, on the caller's thread, in any order.</param>
    public GatheredHash(long bytes, Action<int, Digest256> take)
    {
        int size = (int)Math.Clamp(bytes, 1, WindowBytes);
        (_filling, _other, _take) = (new Window(size), new Window(size), take);
    }

    /// <summary>Returns space for a message, to be filled before the next call.</summary>
    /// <param name="number">What the caller calls it.</param>
    /// <param name="length">Its bytes, at most <see cref="MaxMessage"/>.</param>
    public Span<byte> Add(int number, int length)
    {
        if (!_filling.HasRoom(length)) Next();
        return _filling.Add(number, length);
    }

    /// <summary>Hashes what is left.</summary>
    public void Finish()
    {
        _filling.Hash();
        _filling.Deliver(_take);
        _side.Join();
        _other.Deliver(_take);
    }

    public void Dispose()
    {
        _side.Abandon();
        _filling.Dispose();
        _other.Dispose();
    }

    private void Next()
    {
        // The other window is done with whenever the other thread is.
        if (_side.Do(_filling.Hash)) (_filling, _other) = (_other, _filling);
        _filling.Deliver(_take);
    }

    private sealed class Window(int size) : IDisposable
    {
        private readonly GatherWindow _messages = new(size);
        private readonly List<int> _numbers = [];
        private Digest256[] _digests = [];

        public bool HasRoom(int length) => _messages.HasRoom(length);

        public Span<byte> Add(int number, int length)
        {
            _numbers.Add(number);
            return _messages.Add(length);
        }

        public void Hash()
        {
            if (_digests.Length < _numbers.Count) _digests = new Digest256[_numbers.Count];
            Sha256.HashMany(_messages.Memory.Span, _messages.Pieces, _digests);
        }

        public void Deliver(Action<int, Digest256> take)
        {
            for (int i = 0; i < _numbers.Count; i++) take(_numbers[i], _digests[i]);
            _numbers.Clear();
            _messages.Clear();
        }

        public void Dispose() => _messages.Dispose();
    }
}
