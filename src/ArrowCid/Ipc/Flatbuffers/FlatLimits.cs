namespace ArrowCid.Ipc;

/// <summary>
/// What one flatbuffer may still ask for. Its references may share their targets, so that a small one could describe
/// a huge schema: what is built of it is held to what its bytes could say unshared, or nearly so.
/// </summary>
internal sealed class FlatLimits(long start, int length)
{
    // The least a field takes: its reference, its table's vtable offset and its type's reference.
    private const int LeastFieldBytes = 12;

    // Writers that share equal strings are rare; sixteen-fold sharing is beyond any of them.
    private const int TextSharing = 16;

    private int _fields = length / LeastFieldBytes;
    private long _text = (long)length * TextSharing;

    /// <summary>Where the flatbuffer begins in the input.</summary>
    public long Start { get; } = start;

    public void TakeFields(int count, long offset)
    {
        if (count > _fields)
        {
            throw new InvalidArrowException("the metadata holds more fields than its bytes can hold",
                offset: offset);
        }

        _fields -= count;
    }

    public void TakeText(int bytes, int position)
    {
        _text -= bytes;
        if (_text < 0) throw Broken("its strings overlap many times over", position);
    }

    public InvalidArrowException Broken(string how, int position) =>
        new($"the metadata's flatbuffer is broken: {how}", offset: Start + position);
}
