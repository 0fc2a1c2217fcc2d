using System.Diagnostics;

namespace ArrowCid.Registry;

/// <summary>
/// A value of which the last word counts: the greater stamp, and among words of one stamp (which only a broken writer
/// says) the greater value, so that the order in which they come does not matter.
/// </summary>
internal struct LwwRegister<T>
{
    /// <summary>When the word that counts was said.</summary>
    public FactStamp Stamp { get; private set; }

    public T Value { get; private set; }

    public bool IsSet { get; private set; }

    /// <summary>Whether a word of that stamp may be the one that stands.</summary>
    public readonly bool CanWin(FactStamp stamp) => !IsSet || stamp >= Stamp;

    public void Merge(FactStamp stamp, T value, Comparison<T> compare)
    {
        bool isLater = !IsSet || stamp > Stamp || (stamp == Stamp && compare(value, Value) > 0);
        if (isLater) (Stamp, Value, IsSet) = (stamp, value, true);
        Debug.Assert(IsSet && Stamp >= stamp, "the greatest stamp wins");
    }
}
