/** @file Which roles are attention's, in the names of GPT-2, Llama and its relatives, and GPT-NeoX. */

export const attentionRole = /^(attn|self_attn|attention)\./;

/** Where the paper looked first: the matrix that writes attention's result into the residual stream. */
export const attentionOutputRole = /^(attn\.c_proj|self_attn\.o_proj|attention\.dense)$/;
