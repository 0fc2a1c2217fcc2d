using ArrowCid.Ipld;

namespace ArrowCid.Signing;

/// <summary>A statement with a signature, as two blocks.</summary>
public sealed class SignedStatement
{
    private SignedStatement(byte[] block, byte[] signature)
    {
        (Block, Signature) = (block, signature);
        Cid = Cid.Sha256(Multicodec.DagCbor, block);
        SignatureCid = Cid.Sha256(Multicodec.Raw, signature);
    }

    /// <summary>The statement's dag-cbor block: what is signed.</summary>
    public ReadOnlyMemory<byte> Block { get; }

    /// <summary>The detached signature in COSE: a raw block.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>The CID of the statement.</summary>
    public Cid Cid { get; }

    /// <summary>The CID of the signature.</summary>
    public Cid SignatureCid { get; }

    /// <summary>Signs a statement.</summary>
    /// <param name="statement">The statement; its <see cref="Statement.Key"/> is that of the key.</param>
    /// <param name="key">The key.</param>
    /// <returns>The statement and its signature.</returns>
    /// <exception cref="ArgumentException">The statement names another key.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="Statement.Encode"/> and
    /// <see cref="SigningKey.Sign"/>.</exception>
    public static SignedStatement Sign(Statement statement, SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(key);
        if (statement.Key != key.Id)
            throw new ArgumentException($"the statement is of the key {statement.Key}", nameof(statement));
        byte[] block = statement.Encode();
        return new SignedStatement(block, key.Sign(block));
    }

    /// <summary>Takes a statement and a signature of which nothing is proved yet.</summary>
    /// <param name="block">The statement's bytes.</param>
    /// <param name="signature">The signature's bytes.</param>
    /// <returns>The two together.</returns>
    public static SignedStatement FromBytes(ReadOnlyMemory<byte> block, ReadOnlyMemory<byte> signature) =>
        new(block.ToArray(), signature.ToArray());

    /// <summary>Checks the statement's form and its signature.</summary>
    /// <param name="statement">The statement; null where it has not the form of one.</param>
    /// <param name="secret">The shared secret, for statements of it; null if there is none.</param>
    /// <returns>The result.</returns>
    public SignatureState Check(out Statement? statement, SigningKey? secret = null) =>
        Check(Block.Span, Signature.Span, out statement, secret);

    /// <summary>Checks many statements as <see cref="Check(out Statement?, SigningKey?)"/> does each, on all
    /// processors.</summary>
    /// <param name="statements">The statements.</param>
    /// <param name="secret">The shared secret, for statements of it; null if there is none.</param>
    /// <returns>The results, in their order.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: OpenSSL is not
    /// installed.</exception>
    public static IReadOnlyList<SignatureState> CheckMany(IReadOnlyList<SignedStatement> statements,
        SigningKey? secret = null)
    {
        ArgumentNullException.ThrowIfNull(statements);
        var states = new SignatureState[statements.Count];
        if (states.Length > 0) SigningSupport.Require();
        _ = Parallel.For(0, states.Length, i => states[i] = statements[i].Check(out _, secret));
        return states;
    }

    internal static SignatureState Check(ReadOnlySpan<byte> block, ReadOnlySpan<byte> signature,
        out Statement? statement, SigningKey? secret = null)
    {
        statement = null;
        try
        {
            statement = Statement.Decode(block);
        }
        catch (InvalidIpldException)
        {
            return SignatureState.Broken;
        }

        if (PublicKey.TryParse(statement.Key, out PublicKey? key))
            return key.Verify(block, signature) ? SignatureState.Holds : SignatureState.Broken;
        if (!statement.Key.StartsWith(SigningKey.SharedPrefix, StringComparison.Ordinal)) return SignatureState.Broken;
        if (secret?.Id != statement.Key) return SignatureState.NoKey;
        return secret.Verify(block, signature) ? SignatureState.Holds : SignatureState.Broken;
    }
}
